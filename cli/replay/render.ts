import type { StoredInvocation } from "../../eventing/bus/archive.ts";
import type { ObjectAt, RecordedRead, RecordedResult } from "../../eventing/recording/invocation.ts";
import type { Replayed, ReplayedWrite } from "../../eventing/recording/replay.ts";
import { objectAt } from "../../eventing/recording/seen.ts";
import type { Intent } from "../../eventing/recording/simulate.ts";
import type { KubeObject, Metadata } from "../../shared/kcp/objects.ts";
import { titleOf } from "../../shared/kcp/resource-path.ts";
import { diffLines } from "../diff.ts";
import { eventInWords } from "../invoke/find-function.ts";
import type { Style } from "../style.ts";

export interface Rendering {
  readonly style: Style;
  /** How people call a cluster. */
  readonly pathOf: (cluster: string) => string;
}

/** One line: which recording. */
export function renderHead({ sequence, invocation }: StoredInvocation, { style }: Rendering): string {
  const { function: name, version, event, attempt, startedAt } = invocation;
  const again = attempt > 1 ? `, attempt ${attempt}` : "";
  const when = style.dim(`${startedAt.slice(0, 23).replace("T", " ")} by ${version}`);
  return `#${sequence} ${style.bold(name)}  ${eventInWords(event)}${again}  ${when}\n`;
}

/** What a recording holds: the event, the calls and how it ended. */
export function renderRecording(stored: StoredInvocation, rendering: Rendering): string {
  const { reads, writes, result } = stored.invocation;
  const stateAt = (place: ObjectAt) => stateOf(objectAt(stored.invocation, place));
  const calls = [
    ...reads.map((read) => ({
      turn: read.turn,
      order: read.verb === "refresh" ? 1 : 0,
      text: readInWords(read, stateAt, rendering),
    })),
    ...writes.map((write) => ({ turn: write.turn, order: 1, text: intentInWords(write, rendering) + errorOf(write) })),
  ].sort((a, b) => a.turn - b.turn || a.order - b.order);
  const lines = [...calls.map(({ text }) => text), resultInWords(result)];
  return `${renderHead(stored, rendering)}${lines.map((line) => `  ${line}\n`).join("")}`;
}

/** What is done now beside what was done then; `-` is then, `+` is now. */
export function renderReplayed(replayed: Replayed, rendering: Rendering): string {
  const { style } = rendering;
  if (!replayed.differs) return `  ${style.green("the same now")}\n`;
  const lines = [
    ...replayed.newReads.map((read) => `  reads ${read}, which it did not read then`),
    ...replayed.missingAsks.map((asked) => `  calls ${asked} no more, which it did then`),
    ...replayed.writes.filter(({ differs }) => differs).flatMap((write) => writeLines(write, rendering)),
    ...(replayed.isReordered ? ["  makes the same writes in another order"] : []),
    ...resultLines(replayed.result, style),
  ];
  return `${lines.join("\n")}\n`;
}

/** Where the words are the same, the details are not. */
function resultLines({ was, now }: Replayed["result"], style: Style): readonly string[] {
  const details = diffLines(was, now, style);
  if (details.length === 0) return [];
  const [before, after] = [resultInWords(was), resultInWords(now)];
  const lines = before === after ? details : [style.red(`- ${before}`), style.green(`+ ${after}`)];
  return ["  ends otherwise", ...lines.map((line) => `    ${line}`)];
}

function writeLines({ was, now }: ReplayedWrite, rendering: Rendering): readonly string[] {
  const { style } = rendering;
  const either = now ?? was;
  if (!either) return [];
  const note = !was ? style.green("written now, and not then") : !now ? style.red("written then, and not now") : "";
  const head = `  ${intentInWords(either, rendering)}${note && `: ${note}`}`;
  const [before, after] = was && now ? [was.body, now.body] : [unversioned(was?.body), unversioned(now?.body)];
  return [head, ...diffLines(before, after, style).map((line) => `    ${line}`)];
}

/** The version that a write is made on says nothing where there is no other write beside it. */
function unversioned(body: object | undefined): object | undefined {
  if (!body || !("metadata" in body)) return body;
  const { resourceVersion: _made, ...metadata } = body.metadata as Partial<Metadata>;
  return { ...body, metadata: Object.keys(metadata).length > 0 ? metadata : undefined };
}

const verbs = { create: "creates", mergePatch: "patches", apply: "applies", delete: "deletes" } as const;

/** As `patches status of Account acme in root:orgs`. */
export function intentInWords({ verb, resource, target }: Intent, { pathOf }: Rendering): string {
  const status = target.subresource ? `${target.subresource} of ` : "";
  return `${verbs[verb]} ${status}${titleOf(resource)} ${target.name} in ${pathOf(target.cluster)}`;
}

function readInWords(read: RecordedRead, stateAt: (place: ObjectAt) => string, { pathOf, style }: Rendering): string {
  const { kind, cluster, times } = read;
  const what = read.verb === "list" ? `all ${kind}s` : `${kind} ${read.name}`;
  const where = `${what} in ${pathOf(cluster)}${times > 1 ? `, ${times} times` : ""}`;
  if (read.verb === "refresh") return style.dim(`reads ${where}, anew from the server${errorOf(read)}`);
  if (read.verb === "list") return style.dim(`reads ${where}: ${read.answer?.length ?? 0}${errorOf(read)}`);
  return style.dim(`reads ${where}${read.answer === undefined ? ": none" : stateAt(read.answer)}${errorOf(read)}`);
}

/** As `: Ready, deleting`; nothing for an object that has no phase. */
function stateOf(object: KubeObject): string {
  const { metadata, status } = object as KubeObject & { readonly status?: { readonly phase?: string } };
  const state = [status?.phase, metadata.deletionTimestamp === undefined ? "" : "deleting"].filter(Boolean);
  return state.length > 0 ? `: ${state.join(", ")}` : "";
}

const errorOf = ({ error }: Pick<RecordedRead, "error">): string => (error ? `: ${error.message}` : "");

/** As `waiting: Workspace not ready yet`. */
export function resultInWords(result: RecordedResult): string {
  if (result.outcome === "error") return `error: ${result.error.message}`;
  const again = result.ms === undefined ? "" : `, again in ${result.ms} ms`;
  const facts = result.events.length > 0 ? `, emits ${result.events.map(({ type }) => type).join(", ")}` : "";
  return `${result.outcome}${result.reason === undefined ? "" : `: ${result.reason}`}${again}${facts}`;
}

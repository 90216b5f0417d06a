import { DryRunEnd, isLook } from "../../eventing/recording/dry-outside.ts";
import type { RecordedAsk, RecordedRead } from "../../eventing/recording/invocation.ts";
import type { Change, Model } from "../../shared/fga/fga.ts";
import { formatTuple } from "../../shared/fga/tuples.ts";
import { TerminalError } from "../../shared/function.ts";
import { ApiError } from "../../shared/kcp/client.ts";
import { messageOf } from "../../shared/kcp/errors.ts";
import { titleOf } from "../../shared/kcp/resource-path.ts";
import { diffLines } from "../diff.ts";
import type { Style } from "../style.ts";
import { eventInWords } from "./find-function.ts";
import type { Invoked, Written } from "./run-here.ts";

export interface Rendering {
  readonly style: Style;
  /** How people call a cluster. */
  readonly pathOf: (cluster: string) => string;
  /** Shows the reads too. */
  readonly verbose: boolean;
}

/** An invocation for people: the event, the calls in their order, the facts, the outcome. */
export function renderInvoked(invoked: Invoked, rendering: Rendering): string {
  const { style, verbose } = rendering;
  const { event, events, ms, dryRun } = invoked;
  const calls = [
    ...(verbose ? invoked.reads : []).map((read) => ({ at: read.at, lines: [readLine(read, rendering)] })),
    ...invoked.asked
      .filter(({ service, method }) => verbose || !isLook(service, method))
      .map((asked) => ({ at: asked.at, lines: askLines(asked, rendering) })),
    ...invoked.writes.map((write) => ({ at: write.at, lines: writeLines(write, dryRun, rendering) })),
  ];
  const notPublished = "          not published: pm invoke runs one function and wakes no other";
  const lines = [
    `${style.bold(invoked.function)}  ${eventInWords(event)}  ${style.dim(event.id)}`,
    ...calls.sort((a, b) => a.at - b.at).flatMap((call) => call.lines),
    ...events.map(({ type }) => `  emits   ${style.cyan(type)}`),
    ...(events.length > 0 ? [style.dim(notPublished)] : []),
    `${resultInWords(invoked.result, rendering)}  ${style.dim(`${ms} ms${dryRun ? ", dry run: nothing was written" : ""}`)}`,
  ];
  return `${lines.join("\n")}\n`;
}

function readLine(read: RecordedRead, { style, pathOf }: Rendering): string {
  const { kind, cluster, ms, error } = read;
  const what = read.verb === "list" ? `${kind}s` : `${kind} ${read.name}`;
  const nothing = read.verb === "get" && read.answer === undefined ? ": none" : "";
  const said = error ? `: ${error.message}` : nothing;
  return style.dim(`  ${read.verb.padEnd(7)} ${what} in ${pathOf(cluster)}${said}  ${ms} ms`);
}

const verbs: Readonly<Record<Written["verb"], string>> = {
  create: "create",
  mergePatch: "patch",
  apply: "apply",
  delete: "delete",
};

function writeLines(write: Written, dryRun: boolean, { style, pathOf }: Rendering): readonly string[] {
  const { verb, resource, target, error, ms } = write;
  const status = target.subresource ? `${target.subresource} of ` : "";
  const what = `${verbs[verb].padEnd(7)} ${status}${titleOf(resource)} ${target.name} in ${pathOf(target.cluster)}`;
  if (error) return [style.red(`  ${what}: ${error.message}  ${ms} ms`)];
  if (!dryRun) return [`  ${what}  ${style.dim(`${ms} ms`)}`];
  // Of a new object only what the function sends: the rest is the server's, and made up in a dry run.
  const after = verb === "create" ? write.body : write.after;
  return [`  ${what}`, ...diffLines(write.before, after, style).map((line) => `    ${line}`)];
}

function askLines({ service, method, args, error, ms }: RecordedAsk, { style }: Rendering): readonly string[] {
  const verb = isLook(service, method) ? "ask" : "call";
  const { text, lines } = argumentsInWords(method, args);
  const line = `  ${verb.padEnd(7)} ${service}.${method} ${text}`;
  if (error && error.name !== DryRunEnd.name) return [style.red(`${line}: ${error.message}  ${ms} ms`)];
  if (isLook(service, method)) return [style.dim(`${line}  ${ms} ms`)];
  return [line, ...lines.map((each) => `    ${each.startsWith("+") ? style.green(each) : style.red(each)}`)];
}

/** Of tuples each, of models how large they are. */
function argumentsInWords(method: string, args: unknown): { readonly text: string; readonly lines: readonly string[] } {
  if (method === "write") {
    const { store, writes, deletes } = args as Change;
    const lines = [
      ...deletes.map((each) => `- ${formatTuple(each)}`),
      ...writes.map((each) => `+ ${formatTuple(each)}`),
    ];
    return { text: `in ${store}`, lines };
  }
  if (method === "writeModel") {
    const { store, model } = args as { readonly store: string; readonly model: Model };
    return { text: `of ${model.type_definitions.length} types in ${store}`, lines: [] };
  }
  const text = JSON.stringify(args);
  return { text: text.length > longest ? `${text.slice(0, longest)}…` : text, lines: [] };
}

/** Characters of the arguments of a call. */
const longest = 160;

function resultInWords(result: Invoked["result"], { style, pathOf }: Rendering): string {
  switch (result.kind) {
    case "failed":
      return `${style.red("failed")}: ${failureInWords(result.error)}`;
    case "waiting": {
      const { kind, name, cluster } = result.ref;
      return `${style.yellow("waiting")}: ${result.reason}, for ${kind} ${name} in ${pathOf(cluster)}`;
    }
    case "requeue":
      return `${style.yellow("requeue")}: ${result.reason}, in ${result.ms} ms`;
    case "drop":
      return `drop: ${result.reason}`;
    case "open":
      return `${style.yellow("ends here")}: ${result.reason}`;
    default:
      return style.green("done");
  }
}

/** What a server or a handler says is meant for people; of anything else the place in the code helps more. */
function failureInWords(error: unknown): string {
  const isSaid = error instanceof ApiError || error instanceof TerminalError;
  return error instanceof Error && !isSaid && error.stack ? error.stack : messageOf(error);
}

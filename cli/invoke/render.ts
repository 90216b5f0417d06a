import type { RecordedRead } from "../../eventing/recording/invocation.ts";
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
    default:
      return style.green("done");
  }
}

/** What a server or a handler says is meant for people; of anything else the place in the code helps more. */
function failureInWords(error: unknown): string {
  const isSaid = error instanceof ApiError || error instanceof TerminalError;
  return error instanceof Error && !isSaid && error.stack ? error.stack : messageOf(error);
}

import type { StoredInvocation } from "../../eventing/bus/archive.ts";
import { isLeftOut } from "../../eventing/bus/fit-invocation.ts";
import type { Invocation } from "../../eventing/recording/invocation.ts";
import { type Replayed, replay } from "../../eventing/recording/replay.ts";
import { functions, steps } from "../../functions/index.ts";
import { counted } from "../account-state.ts";
import { CliError, exit } from "../errors.ts";
import { selected } from "../export/selection.ts";
import { print } from "../output.ts";
import { Places } from "../places.ts";
import { styleOf } from "../style.ts";
import { renderHead, renderRecording, renderReplayed } from "./render.ts";
import { askStep, type Replaying } from "./replaying.ts";

/** One recording and what came of it. */
type Verdict = StoredInvocation & ({ readonly replayed: Replayed } | { readonly obstacle: string });

/** Runs the functions of this build on what was recorded and shows what differs; answers the exit code. */
export async function replayRecorded(replaying: Replaying): Promise<number> {
  const { options, io } = replaying;
  const places = new Places();
  const rendering = { style: styleOf(io), pathOf: places.pathOf };
  const verdicts: Verdict[] = [];
  for await (const stored of recordingsOf(replaying, places)) {
    if (options.step) {
      io.stdout.write(renderRecording(stored, rendering));
      const answer = await askStep(io);
      if (answer === "quit") break;
      if (answer === "skip") continue;
    }
    const verdict = await judge(stored);
    verdicts.push(verdict);
    if (options.output !== "table") continue;
    if ("obstacle" in verdict) io.stdout.write(`${renderHead(stored, rendering)}  ${verdict.obstacle}\n`);
    else if (options.step || verdict.replayed.differs)
      io.stdout.write(
        `${options.step ? "" : renderHead(stored, rendering)}${renderReplayed(verdict.replayed, rendering)}`,
      );
  }
  return conclude(verdicts, replaying);
}

/** Those that are asked for, oldest first; learns paths from all events on the way. */
async function* recordingsOf({ archive, selection }: Replaying, places: Places): AsyncGenerator<StoredInvocation> {
  for await (const item of selected(archive, selection)) {
    if (item.kind === "event") places.learn(item.stored.event);
    if (item.kind !== "invocation") continue;
    places.learn(item.stored.invocation.event);
    yield item.stored;
  }
}

async function judge(stored: StoredInvocation): Promise<Verdict> {
  const { invocation } = stored;
  const fn = functions.find(({ name }) => name === invocation.function);
  if (!fn) return { ...stored, obstacle: "this build has no function of that name: was it renamed or removed?" };
  if (isCut(invocation)) return { ...stored, obstacle: "not replayed: too large to be recorded whole" };
  return { ...stored, replayed: await replay(invocation, fn, steps) };
}

/** Something of it was too large to be kept. */
const isCut = ({ event, objects, writes }: Invocation): boolean =>
  [event.data, ...objects, ...writes.map(({ body }) => body)].some(isLeftOut);

function conclude(verdicts: readonly Verdict[], { selection, options, io }: Replaying): number {
  if (verdicts.length === 0 && !options.step) {
    const account = selection.scope ? "of this account " : "";
    throw new CliError(`nothing ${account}is recorded in this stretch`, {
      why: "pm run records for --record-max-age, and not with --no-record",
      next: "widen --from and --to; pm events shows what happened",
    });
  }
  const played = verdicts.filter((verdict) => "replayed" in verdict);
  const differing = played.filter(({ replayed }) => replayed.differs);
  const left = verdicts.length - played.length;
  const summary = { replayed: played.length, differ: differing.length, notReplayed: left };
  const names = differing.map(({ sequence }) => `${sequence}\n`).join("");
  const report = { ...summary, invocations: verdicts.map(forScripts) };
  const notReplayed = left > 0 ? `, ${left} could not be replayed` : "";
  print(io, options.output, report, {
    table: () => `${counted(played.length, "invocation")} replayed, ${differing.length} differ${notReplayed}\n`,
    name: () => names,
  });
  return differing.length + left > 0 ? exit.failed : exit.ok;
}

function forScripts({ sequence, invocation, ...verdict }: Verdict): object {
  const { function: name, event, version, startedAt } = invocation;
  const what = { sequence, function: name, version, startedAt, event: { id: event.id, type: event.type } };
  return "obstacle" in verdict ? { ...what, ...verdict } : { ...what, ...verdict.replayed };
}

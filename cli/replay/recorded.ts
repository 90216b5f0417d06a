import type { StoredInvocation } from "../../eventing/bus/archive.ts";
import { isLeftOut } from "../../eventing/bus/fit-invocation.ts";
import type { Invocation } from "../../eventing/recording/invocation.ts";
import { type Replayed, replay } from "../../eventing/recording/replay.ts";
import { functions, steps } from "../../functions/index.ts";
import { counted } from "../account-state.ts";
import { CliError, exit } from "../errors.ts";
import { selected } from "../export/selection.ts";
import { findFunction } from "../invoke/find-function.ts";
import { print } from "../output.ts";
import { Places } from "../places.ts";
import { styleOf } from "../style.ts";
import { Folding } from "./folding.ts";
import { type Rendering, renderHead, renderRecording, renderReplayed } from "./render.ts";
import { askStep, type Replaying } from "./replaying.ts";

/** What came of one recording. */
type Verdict = { readonly replayed: Replayed } | { readonly obstacle: string };

/** Runs the functions of this build on what was recorded and shows what differs; answers the exit code. */
export async function replayRecorded(replaying: Replaying): Promise<number> {
  const { options, io } = replaying;
  const places = new Places();
  const rendering = { style: styleOf(io), pathOf: places.pathOf };
  const folding = new Folding();
  const tally: Tally = { replayed: 0, differ: 0, notReplayed: 0, invocations: [] };
  for await (const stored of recordingsOf(replaying, places)) {
    if (options.step) {
      io.stdout.write(renderRecording(stored, rendering));
      const answer = await askStep(io);
      if (answer === "quit") break;
      if (answer === "skip") continue;
    }
    const verdict = await judge(stored);
    count(tally, stored, verdict);
    const text = renderVerdict(verdict, rendering);
    if (options.step) io.stdout.write(text);
    else if (options.output === "table" && !isSame(verdict) && !folding.folds(text, stored.sequence))
      io.stdout.write(renderHead(stored, rendering) + text);
  }
  io.stdout.write(folding.summary);
  return conclude(tally, replaying);
}

const renderVerdict = (verdict: Verdict, rendering: Rendering): string =>
  "obstacle" in verdict ? `  ${verdict.obstacle}\n` : renderReplayed(verdict.replayed, rendering);

/** Those that are asked for, oldest first; learns paths from all events on the way. */
async function* recordingsOf({ archive, selection }: Replaying, places: Places): AsyncGenerator<StoredInvocation> {
  for await (const item of selected(archive, selection)) {
    if (item.kind === "event") places.learn(item.stored.event);
    if (item.kind !== "invocation") continue;
    places.learn(item.stored.invocation.event);
    yield item.stored;
  }
}

async function judge({ invocation }: StoredInvocation): Promise<Verdict> {
  const fn = functions.find(({ name }) => name === invocation.function);
  if (!fn) return { obstacle: "this build has no function of that name: was it renamed or removed?" };
  if (isCut(invocation)) return { obstacle: "not replayed: too large to be recorded whole" };
  return { replayed: await replay(invocation, fn, steps) };
}

/** Something of it was too large to be kept. */
const isCut = ({ event, objects, writes }: Invocation): boolean =>
  [event.data, ...objects, ...writes.map(({ body }) => body)].some(isLeftOut);

/** For scripts; the recordings themselves may be many, and are let go. */
interface Tally {
  replayed: number;
  differ: number;
  notReplayed: number;
  readonly invocations: { readonly sequence: number; readonly differs?: boolean }[];
}

const isSame = (verdict: Verdict): boolean => "replayed" in verdict && !verdict.replayed.differs;

function count(tally: Tally, { sequence, invocation }: StoredInvocation, verdict: Verdict): void {
  const { function: name, event, version, startedAt } = invocation;
  const what = { sequence, function: name, version, startedAt, event: { id: event.id, type: event.type } };
  if ("obstacle" in verdict) {
    tally.notReplayed++;
    tally.invocations.push({ ...what, ...verdict });
    return;
  }
  const { differs } = verdict.replayed;
  tally.replayed++;
  if (differs) tally.differ++;
  tally.invocations.push({ ...what, ...(differs ? verdict.replayed : { differs }) });
}

function conclude(tally: Tally, { selection, options, io }: Replaying): number {
  const { replayed, differ, notReplayed, invocations } = tally;
  if (invocations.length === 0 && !options.step) {
    const account = selection.scope ? "of this account " : "";
    // A name that never was is the likelier reason.
    if (options.function !== undefined) findFunction(options.function);
    throw new CliError(`nothing ${account}is recorded in this stretch`, {
      why: "pm run records for --record-max-age, and not with --no-record",
      next: "widen --from and --to; pm events shows what happened",
    });
  }
  const others = notReplayed > 0 ? `, ${notReplayed} could not be replayed` : "";
  print(io, options.output, tally, {
    table: () =>
      `${counted(replayed, "invocation")} replayed, ${differ} ${differ === 1 ? "differs" : "differ"}${others}\n`,
    name: () => invocations.flatMap(({ sequence, differs }) => (differs ? [`${sequence}\n`] : [])).join(""),
  });
  return differ + notReplayed > 0 ? exit.failed : exit.ok;
}

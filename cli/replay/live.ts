import type { StoredEvent } from "../../eventing/bus/bus.ts";
import { matches } from "../../shared/event.ts";
import type { AccountFunction } from "../../shared/function.ts";
import { counted } from "../account-state.ts";
import { CliError, exit } from "../errors.ts";
import { eventInWords } from "../invoke/find-function.ts";
import { print } from "../output.ts";
import { styleOf } from "../style.ts";
import { askStep, type Replaying } from "./replaying.ts";

/** An event with the functions that want it. */
export interface Planned {
  readonly stored: StoredEvent;
  readonly functions: readonly AccountFunction[];
}

/** The events of the stretch that any of the functions wants, oldest first, as they were when the replay began: what
 *  it causes is not replayed too. Throws CliError when there are none. */
export async function* planned(
  { archive, selection }: Replaying,
  wanted: readonly AccountFunction[],
): AsyncGenerator<Planned> {
  const { range, scope, signal } = selection;
  let some = false;
  for await (const stored of archive.history({ ...range.start, signal })) {
    if (range.isOver(stored)) break;
    const { event } = stored;
    if (!range.holds(stored) || (scope && !scope.holds(event))) continue;
    const functions = wanted.filter(({ on }) => on.some((filter) => matches(filter, event)));
    if (functions.length === 0) continue;
    some = true;
    yield { stored, functions };
  }
  signal.throwIfAborted();
  if (!some) {
    const next = "widen --from and --to; pm events shows what happened";
    throw new CliError("no event of this stretch is one that the functions take", { next });
  }
}

/** Puts the events before the functions of a pm run again; answers the exit code. */
export async function replayLive(replaying: Replaying, wanted: readonly AccountFunction[]): Promise<number> {
  const { archive, options, io } = replaying;
  const style = styleOf(io);
  const made: { readonly sequence: number; readonly event: string; readonly functions: readonly string[] }[] = [];
  for await (const { stored, functions } of planned(replaying, wanted)) {
    const names = functions.map(({ name }) => name);
    const line = `${stored.sequence}  ${eventInWords(stored.event)} → ${style.bold(names.join(", "))}\n`;
    if (options.step || options.output === "table") io.stdout.write(line);
    const answer = options.step ? await askStep(io) : "run";
    if (answer === "quit") break;
    if (answer === "skip") continue;
    for (const name of names) await archive.redeliver(stored.event, name);
    made.push({ sequence: stored.sequence, event: stored.event.id, functions: names });
  }
  const deliveries = made.reduce((total, { functions }) => total + functions.length, 0);
  print(
    io,
    options.output,
    { events: made.length, deliveries, made },
    {
      table: () => `${counted(made.length, "event")} put before the functions again, ${deliveries} in all\n`,
      name: () => made.map(({ event }) => `${event}\n`).join(""),
    },
  );
  return exit.ok;
}

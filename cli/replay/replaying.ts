import type { Archive } from "../../eventing/bus/archive.ts";
import type { Io } from "../command.ts";
import { UsageError } from "../errors.ts";
import type { Selection } from "../export/selection.ts";
import type { ReplayOptions } from "./command.ts";

/** What all kinds of replay are given. */
export interface Replaying {
  readonly archive: Archive;
  readonly selection: Selection;
  readonly options: ReplayOptions;
  readonly io: Io;
}

/** Asks a person whether to go on with what was just shown. */
export async function askStep(io: Pick<Io, "ask">): Promise<"run" | "skip" | "quit"> {
  for (;;) {
    const answer = await io.ask("  Enter to run it, s to skip it, q to quit: ");
    if (answer === undefined)
      throw new UsageError("--step needs a terminal", { why: "nobody can answer its question" });
    const word = answer.trim().toLowerCase();
    if (word === "") return "run";
    if ("skip".startsWith(word)) return "skip";
    if ("quit".startsWith(word)) return "quit";
  }
}

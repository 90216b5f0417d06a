import { functions } from "../../functions/index.ts";
import { readFlags } from "../bus-flags.ts";
import { type Args, defineCommand, type Io } from "../command.ts";
import { UsageError } from "../errors.ts";
import { scopeOf } from "../events/scope-of.ts";
import type { Selection } from "../export/selection.ts";
import { HistoryRange, rangeFlags } from "../history-range.ts";
import { findFunction } from "../invoke/find-function.ts";
import { worldFlags } from "../invoke/surroundings.ts";
import { withArchive } from "../open-archive.ts";
import { replayLive } from "./live.ts";
import { replayRecorded } from "./recorded.ts";
import { tryLive } from "./try-live.ts";

const flags = {
  account: { type: "string", description: "the same as PATH" },
  function: { type: "string", description: "this function only" },
  ...rangeFlags,
  against: {
    type: "string",
    default: "recorded",
    choices: ["recorded", "live"],
    description: "recorded: what was read then; live: kcp as it is now",
  },
  "dry-run": { type: "boolean", description: "with --against live: show each write as a diff, and make none" },
  step: { type: "boolean", description: "show each event and function, and ask before it is run" },
  ...readFlags,
  ...worldFlags,
} as const;
/** Flags of `pm replay` with those of every command. */
export type ReplayOptions = Args<typeof flags>["options"];

export default defineCommand({
  name: "replay",
  summary: "Run the functions again on recorded events, and show what they do differently now",
  description: `Against recorded, nothing is needed but the recordings: each function of this build is run on what it was told and read
then, its writes are answered as they were, and every difference is shown. So a fix is proven on yesterday's incident.
Against live, the events are put before the functions of pm run once more, in their order: safe, since functions compare
what is with what should be. With --dry-run they run here instead, on the live objects, and write nothing; flags about
steps, names, types and security are then those that pm run is given.
Exit code: 0 when nothing differs, 1 when something does or cannot be replayed, 3 when a server does not answer.`,
  options: flags,
  positionals: [{ name: "PATH", description: "an account with all below it; without it, all accounts" }],
  examples: [
    { run: "pm replay --file incident.jsonl.gz", does: "does this build do what the other one did?" },
    { run: "pm replay root:orgs:acme --from 1h --function create-workspace", does: "one function, lately" },
    { run: "pm replay root:orgs:acme --file incident.jsonl.gz --step", does: "one invocation after the other" },
    { run: "pm replay root:orgs:acme --from 1042 --against live --dry-run", does: "what a replay would change now" },
    { run: "pm replay root:orgs:acme --from 1042 --against live", does: "put the events before the functions again" },
  ],
  async run({ options, positionals: [path] }, io) {
    checkFlags(options, path, io);
    return withArchive(options, async (archive) => {
      const account = path ?? options.account;
      const selection: Selection = {
        range: new HistoryRange(options, io.now()),
        scope: account === undefined ? undefined : await scopeOf(account, options, archive, io),
        function: options.function,
        signal: io.signal,
      };
      const replaying = { archive, selection, options, io };
      if (options.against === "recorded") return replayRecorded(replaying);
      const wanted = options.function === undefined ? functions : [findFunction(options.function)];
      return options["dry-run"] ? tryLive(replaying, wanted) : replayLive(replaying, wanted);
    });
  },
});

/** Throws UsageError for flags that do not belong together. */
function checkFlags(options: ReplayOptions, path: string | undefined, io: Io): void {
  const refuse = (what: string, why: string, next = "pm replay --help") =>
    new UsageError(what, { where: "pm replay", why, next });
  const { account, against, file, step } = options;
  if (path !== undefined && account !== undefined)
    throw refuse("two accounts are named", "PATH and --account are the same");
  if (options["dry-run"] && against === "recorded") {
    throw refuse("--dry-run belongs to --against live", "against recorded nothing is ever written");
  }
  if (against === "live" && file !== undefined && !options["dry-run"]) {
    throw refuse(
      "an exported file has no functions to put events before",
      "--against live needs the bus of a pm run",
      "name the bus, or add --dry-run",
    );
  }
  if (step && !io.isTTY) throw refuse("--step needs a terminal", "it asks before each invocation");
}

import { defaultSettings } from "../../shared/settings.ts";
import { accountPath } from "../account-path.ts";
import { readFlags } from "../bus-flags.ts";
import { type Args, defineCommand } from "../command.ts";
import { exit } from "../errors.ts";
import { HistoryRange, rangeFlags } from "../history-range.ts";
import { withArchive } from "../open-archive.ts";
import { print } from "../output.ts";
import { Places } from "../places.ts";
import { styleOf } from "../style.ts";
import { gather, type Subject } from "./gather.ts";
import { renderTimeline } from "./render.ts";
import { type Handling, type Moment, type Timeline, timelineOf } from "./timeline.ts";

const flags = {
  verbose: { type: "boolean", short: "v", description: "name the functions that found nothing to do, too" },
  ...rangeFlags,
  ...readFlags,
} as const;

export default defineCommand({
  name: "trace",
  summary: "What happened to one account, step by step: events, functions, writes, waits",
  description: `Shows each event with the milliseconds since the first, what every function did with it, what it wrote and emitted, and
what was waited for in between. It is made of what the bus keeps: it works without kcp, and for accounts that are gone.`,
  options: flags,
  positionals: [
    {
      name: "PATH",
      description: "the account, as root:orgs:acme:dev; or the id of one of its events; or its trace id",
      required: true,
    },
  ],
  examples: [
    { run: "pm trace root:orgs:acme:dev", does: "from the first event that is kept to the last" },
    { run: "pm trace root:orgs:acme:dev --from 10m", does: "the last ten minutes" },
    { run: "pm trace root:orgs:acme --file incident.jsonl.gz", does: "from a file of pm export" },
    { run: "pm trace 5bedec9d -o json", does: "for scripts, by the trace id of logs and pm events" },
  ],
  run: ({ options, positionals: [text = ""] }, io) =>
    withArchive(options, async (archive) => {
      const subject = subjectOf(text, options);
      const gathered = await gather(archive, subject, new HistoryRange(options, io.now()), io.signal);
      const places = new Places();
      for (const { event } of gathered.events) places.learn(event);
      for (const { invocation } of gathered.invocations) places.learn(invocation.event);
      const timeline = timelineOf(gathered);
      const title = subject.by === "path" ? subject.at.path : (pathIn(timeline) ?? text);
      print(io, options.output, forScripts(timeline), {
        table: () =>
          renderTimeline(timeline, title, { style: styleOf(io), pathOf: places.pathOf, verbose: options.verbose }),
        name: () => timeline.moments.map(({ event }) => `${event.id}\n`).join(""),
      });
      return exit.ok;
    }),
});

/** Ids of events have dots, trace ids are 8 or more of 32 hex digits. Throws UsageError for what is nothing of all. */
function subjectOf(text: string, { workspace = defaultSettings.orgsPath }: Args<typeof flags>["options"]): Subject {
  if (/^[0-9a-f]{8,32}$/.test(text)) return { by: "trace", id: text };
  if (text.includes(".")) return { by: "event", id: text };
  return { by: "path", at: accountPath(text, workspace) };
}

/** Path of the account that the events are about. */
function pathIn({ moments }: Timeline): string | undefined {
  const events = moments.map(({ event }) => event);
  const own = events.find(({ kind, kcppath }) => (kind === "Account" || kind === "Workspace") && kcppath !== undefined);
  return own && `${own.kcppath}:${own.name}`;
}

const forScripts = ({ moments, ...timeline }: Timeline): object => ({
  ...timeline,
  moments: moments.map(({ event: { data: _data, ...event }, invocations, ...moment }: Moment) => ({
    ...moment,
    event,
    invocations: invocations.map(
      ({ sequence, at, ms, function: name, version, attempt, writes, result }: Handling) => ({
        ...{ sequence, at, ms, function: name, version, attempt, result },
        writes: writes.map(({ answer: _answer, turn: _turn, ...write }) => write),
      }),
    ),
  })),
});

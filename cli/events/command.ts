import { readFlags } from "../bus-flags.ts";
import { defineCommand } from "../command.ts";
import { exit } from "../errors.ts";
import { withArchive } from "../open-archive.ts";
import { styleOf } from "../style.ts";
import { renderEvent } from "./render.ts";
import { scopeOf } from "./scope-of.ts";

export default defineCommand({
  name: "events",
  summary: "The events of an account and of all below it, as the bus keeps them",
  description:
    "Shows what the source saw in kcp and the facts that functions emitted, oldest first, with the trace id.",
  options: {
    follow: { type: "boolean", short: "f", description: "go on with what happens from now on" },
    since: { type: "duration", description: "only events younger than this, as 10m" },
    ...readFlags,
  },
  positionals: [{ name: "PATH", description: "an account; without it, all events" }],
  examples: [
    { run: "pm events root:orgs:acme:dev --since 10m", does: "what happened to one account lately" },
    { run: "pm events -f", does: "everything, as it happens" },
    { run: "pm events --file history.jsonl.gz", does: "what pm export has written" },
    { run: "pm events root:orgs:acme -o json | jq .event.type", does: "one JSON object a line" },
  ],
  run: ({ options, positionals: [path] }, io) =>
    withArchive(options, async (archive) => {
      const scope = path === undefined ? undefined : await scopeOf(path, options, archive, io);
      const since = options.since === undefined ? undefined : new Date(io.now() - options.since);
      const range = { follow: options.follow, signal: io.signal, ...(since && { since }) };
      for await (const stored of archive.history(range)) {
        if (!scope || scope.holds(stored.event)) io.stdout.write(renderEvent(stored, options.output, styleOf(io)));
      }
      return exit.ok;
    }),
});

import { formatDuration } from "../../shared/duration.ts";
import { accountPath } from "../account-path.ts";
import { defineCommand } from "../command.ts";
import { exit } from "../errors.ts";
import { print } from "../output.ts";
import { withSession } from "../with-session.ts";
import { untilGone, untilReady } from "./until.ts";
import { waitFlags } from "./wait-flags.ts";

export default defineCommand({
  name: "account wait",
  summary: "Wait until an account is Ready, or gone",
  options: {
    for: { type: "string", default: "ready", choices: ["ready", "deleted"], description: "what to wait for" },
    ...waitFlags,
  },
  positionals: [{ name: "PATH", description: "the account, as root:orgs:acme, or its name with -w", required: true }],
  examples: [
    { run: "pm account wait root:orgs:acme", does: "until it is Ready" },
    { run: "pm account wait root:orgs:acme --for deleted", does: "until it is gone" },
  ],
  run: ({ options, positionals: [text = ""] }, io) =>
    withSession(options, io, async ({ client, workspace }) => {
      const at = accountPath(text, workspace);
      const started = io.now();
      const waiting = { reader: client, at, io, timeout: options["wait-timeout"] };
      if (options.for === "deleted") await untilGone(waiting, undefined);
      else await untilReady(waiting, () => {});
      const result = { path: at.path, is: options.for, ms: io.now() - started };
      print(io, options.output, result, {
        table: () =>
          `${at.path} is ${options.for === "deleted" ? "gone" : "Ready"} after ${formatDuration(result.ms)}\n`,
        name: () => `${at.path}\n`,
      });
      return exit.ok;
    }),
});

import { parseCommandLine } from "../../cli/parse.ts";
import command from "../../cli/serve/command.ts";
import { serveConfig } from "../../cli/serve/serve-config.ts";
import type { ServeConfig } from "../../eventing/serve/serve-config.ts";

/** What pm serve makes of these flags. */
export function configOf(argv: readonly string[]): ServeConfig {
  const { options } = parseCommandLine(command, argv, {});
  // What was parsed for a command has the types of its flags.
  return serveConfig(options as Parameters<typeof serveConfig>[0], "pm serve");
}

import { access, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { mustBeFree } from "../../eventing/bus/unix-socket.ts";
import { messageOf } from "../../shared/kcp/errors.ts";
import { defineCommand } from "../command.ts";
import { CliError, exit, UsageError } from "../errors.ts";
import { packageJson } from "../home.ts";
import { readable } from "./load-functions.ts";

const source = new URL("cli/dev/dev.ts", packageJson);

export default defineCommand({
  name: "dev",
  summary: "Everything in one process, with functions that reload when they are edited",
  description: `For writing a function, in a checkout: an embedded control plane that is set up for accounts, the source and all
functions. When a file in functions/ or shared/ is saved, the functions are loaded anew within a moment; the control
plane, the source and all events go on. A file with a mistake is told, and the functions as they were go on.
Types are not checked: make check does that.`,
  options: {
    data: { type: "string", description: "file that the control plane's data are read from at the start and saved to" },
  },
  examples: [
    { run: "pm dev", does: "until Ctrl-C" },
    { run: "pm dev --data dev.json", does: "with the accounts of the last time" },
  ],
  async run({ options }, io) {
    const root = fileURLToPath(new URL(".", packageJson)).replace(/\/$/, "");
    await access(source).catch((cause: unknown) => {
      const next = "get the sources: git clone, then bin/pm dev there";
      throw new UsageError("pm dev needs the sources of the functions", { where: root, next, cause });
    });
    const folder = join(root, ".state", "dev");
    const busSocket = join(folder, "bus.sock");
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await mustBeFree(busSocket).catch((cause: unknown) => {
      const next = "stop the other pm dev, or use another checkout";
      throw new CliError("pm dev cannot start here", { where: folder, why: messageOf(cause), next, cause });
    });
    // From its file also where pm itself is one bundle: the functions that are loaded later must find the same modules.
    const { dev }: typeof import("./dev.ts") = await import(source.href).catch((cause: unknown) => {
      const why = readable(cause instanceof Error && cause.stack ? cause.stack : String(cause), root);
      throw new CliError("the functions cannot be loaded", { where: root, why, next: "mend the file", cause });
    });
    await dev({ root, folder, busSocket, dataFile: options.data, timeoutMs: options.timeout }, io);
    return exit.ok;
  },
});

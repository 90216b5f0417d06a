import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { parseTokenFile } from "../../embedded/access/users.ts";
import { createEmbedded, type Embedded } from "../../embedded/embedded.ts";
import { messageOf } from "../../shared/kcp/errors.ts";
import { defineCommand, type Io } from "../command.ts";
import { CliError, exit, UsageError } from "../errors.ts";

export default defineCommand({
  name: "embedded",
  summary: "A control plane in memory that speaks kcp's API, for development",
  description: `Serves as much of kcp's API as this product uses, without any other program, until stopped. kubectl works with it.
For development only: everything is in memory, and one person is the administrator of all.`,
  options: {
    port: { type: "number", default: 6443, description: "port to listen on; 0 takes a free one" },
    host: { type: "string", default: "127.0.0.1", description: "address to listen on" },
    data: { type: "string", description: "file that the data are read from at the start and saved to at the end" },
    "token-auth-file": { type: "string", description: 'file with users, each a line token,name,uid,"group1,group2"' },
    "write-kubeconfig": {
      type: "string",
      default: "embedded.kubeconfig",
      description: "file for the administrator's kubeconfig",
    },
  },
  examples: [
    { run: "pm embedded", does: "a new control plane, and embedded.kubeconfig for kubectl and pm" },
    { run: "pm embedded --port 0 --data accounts.json", does: "one that goes on where it was stopped" },
  ],
  async run({ options }, io) {
    const file = options["write-kubeconfig"];
    const embedded = await start(options, io);
    try {
      await writeFile(file, embedded.kubeconfig(), { mode: 0o600 });
      io.stdout.write(`embedded control plane, for development only: ${embedded.url}\n`);
      io.stdout.write(`  export KUBECONFIG=${file}\n`);
      if (!io.signal.aborted) await once(io.signal, "abort");
    } finally {
      await embedded.close();
    }
    return exit.ok;
  },
});

interface StartFlags {
  readonly host: string;
  readonly port: number;
  readonly data: string | undefined;
  readonly "token-auth-file": string | undefined;
}

async function start(flags: StartFlags, io: Io): Promise<Embedded> {
  const { host, port, data, "token-auth-file": tokens } = flags;
  if (!(port >= 0 && port <= 65_535))
    throw new UsageError(`--port ${port} is no port`, { next: "one from 0 to 65535" });
  const users = tokens === undefined ? undefined : await usersIn(tokens);
  const onError = (where: string, error: unknown) => io.stderr.write(`${where}: ${messageOf(error)}\n`);
  try {
    return await createEmbedded({ host, port, ...(data && { dataFile: data }), ...(users && { users }), onError });
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (code !== "EADDRINUSE" && code !== "EADDRNOTAVAIL") throw cause;
    const why = code === "EADDRINUSE" ? "another process uses this port" : "this machine has no such address";
    const next =
      code === "EADDRINUSE" ? "pm embedded --port 0, which takes a free one" : "pm embedded --host 127.0.0.1";
    throw new CliError("cannot listen", { where: `${host}:${port}`, why, next, cause });
  }
}

async function usersIn(file: string) {
  try {
    return parseTokenFile(await readFile(file, "utf8"));
  } catch (cause) {
    const next = 'each line is token,name,uid,"group1,group2"';
    throw new UsageError("cannot read the users", { where: file, why: messageOf(cause), next, cause });
  }
}

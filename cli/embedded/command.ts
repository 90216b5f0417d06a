import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { parseTokenFile } from "../../embedded/access/users.ts";
import { createEmbedded } from "../../embedded/embedded.ts";
import { defineCommand } from "../command.ts";
import { exit } from "../errors.ts";

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
    const tokens = options["token-auth-file"];
    const file = options["write-kubeconfig"];
    const embedded = await createEmbedded({
      host: options.host,
      port: options.port,
      ...(options.data && { dataFile: options.data }),
      ...(tokens && { users: parseTokenFile(await readFile(tokens, "utf8")) }),
      onError: (where, error) => io.stderr.write(`${where}: ${error instanceof Error ? error.message : error}\n`),
    });
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

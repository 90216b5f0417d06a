/** The control plane as `pm embedded` has it, which also tells its memory: `node --expose-gc embedded-server.ts FOLDER TOKENS`. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseTokenFile } from "../../embedded/access/users.ts";
import { createEmbedded } from "../../embedded/embedded.ts";

const [, , folder = ".", tokens = ""] = process.argv;
const embedded = await createEmbedded({ users: parseTokenFile(await readFile(tokens, "utf8")) });
await writeFile(join(folder, "admin.kubeconfig"), embedded.kubeconfig(), { mode: 0o600 });

process.on("message", () => {
  const { rss } = process.memoryUsage();
  globalThis.gc?.();
  process.send?.({ rss, heap: process.memoryUsage().heapUsed });
});
process.on("disconnect", () => process.exit(0));
process.send?.({ url: embedded.url });

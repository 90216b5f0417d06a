import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { claimAny } from "../../tools/claim.ts";
import { obtain } from "../../tools/obtain.ts";
import { stateFolder } from "../../tools/paths.ts";
import { withFreePorts } from "../../tools/ports.ts";
import { Server } from "../../tools/server.ts";

/** A real registry, empty, with the users of a htpasswd file if one is given. */
export async function startRegistry({ htpasswd }: { readonly htpasswd?: string } = {}) {
  const state = await claimAny(join(stateFolder, "test"));
  const command = await obtain("registry");
  const passwords = join(state.folder, "htpasswd");
  if (htpasswd) await writeFile(passwords, htpasswd);
  const { server, host } = await withFreePorts(1, async ([port]) => {
    const host = `127.0.0.1:${port}`;
    const config = join(state.folder, "registry.yml");
    const content = {
      version: "0.1",
      log: { level: "warn" },
      storage: { filesystem: { rootdirectory: join(state.folder, "data") } },
      http: { addr: host },
      ...(htpasswd && { auth: { htpasswd: { realm: "test", path: passwords } } }),
    };
    await writeFile(config, JSON.stringify(content));
    const isReady = () =>
      fetch(`http://${host}/v2/`).then(
        ({ status }) => status === 200 || status === 401,
        () => false,
      );
    const env = { ...process.env, OTEL_TRACES_EXPORTER: "none" };
    const args = ["serve", config];
    const server = new Server({
      name: "registry",
      command,
      args,
      folder: state.folder,
      env,
      isReady,
      readyLimitMs: 30_000,
    });
    await server.start();
    return { server, host };
  });
  return {
    host,
    async [Symbol.asyncDispose]() {
      await server.stop();
      await state.release();
    },
  };
}

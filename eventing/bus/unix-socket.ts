import { once } from "node:events";
import { chmod, lstat, mkdtemp, rename, rm } from "node:fs/promises";
import { connect, type Server } from "node:net";
import { join } from "node:path";

/** Listens on a unix socket that only this user can open; the socket of a process that has died is replaced. Rejects
 *  when another process serves it, or something else is there. */
export async function listenOn(server: Server, path: string): Promise<{ close(): Promise<void> }> {
  await mustBeFree(path);
  // Made in a folder of its own and moved when it has its mode: there is no moment at which others could open it.
  const folder = await mkdtemp(`${path}.`).catch((cause: unknown) => {
    throw new Error(`making the socket ${path}: ${reasonOf(cause)}`, { cause });
  });
  const made = join(folder, "s");
  try {
    server.listen(made);
    await once(server, "listening");
    await chmod(made, 0o600);
    await rename(made, path);
  } catch (cause) {
    server.close();
    throw new Error(`making the socket ${path}: ${reasonOf(cause)}`, { cause });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const { ino } = await lstat(path);
  const connections = new Set<{ destroy(): void }>();
  server.on("connection", (socket) => {
    connections.add(socket);
    socket.once("close", () => connections.delete(socket));
  });
  return {
    async close() {
      const closed = new Promise<void>((done) => server.close(() => done()));
      for (const connection of connections) connection.destroy();
      await closed;
      // Another process may have taken the path over meanwhile.
      if ((await lstat(path).catch(() => undefined))?.ino === ino) await rm(path, { force: true });
    },
  };
}

/** Rejects when another process serves a socket there, or something else is there. */
export async function mustBeFree(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found && !found.isSocket()) throw new Error(`making the socket ${path}: a file is there that is no socket`);
  if (found && (await isServed(path)))
    throw new Error(`making the socket ${path}: another process serves it; end that, or choose another path`);
}

async function isServed(path: string): Promise<boolean> {
  const probe = connect(path);
  try {
    await once(probe, "connect");
    return true;
  } catch (error) {
    // Nobody listens any more; anything else, say that it may not be opened, means that somebody may.
    return !(error instanceof Error && "code" in error && (error.code === "ECONNREFUSED" || error.code === "ENOENT"));
  } finally {
    probe.destroy();
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "its folder does not exist",
  EACCES: "nothing may be made in its folder",
  EINVAL: "the path is too long for a socket, about 90 bytes at most",
};
function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return reasons[code] ?? String(error);
}

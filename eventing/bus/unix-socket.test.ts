import { once } from "node:events";
import { mkdtemp, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { listenOn } from "./unix-socket.ts";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "socket-test-"));
  path = join(folder, "bus.sock");
});
afterEach(() => rm(folder, { recursive: true }));

const listen = (at = path) => listenOn(createServer(), at);

test("only this user can open it, and nothing is left of it at the end", async () => {
  const listening = await listen();
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  const client = connect(path);
  await once(client, "connect");
  const ended = once(client, "close");
  await listening.close();
  await ended;
  expect(await readdir(folder)).toEqual([]);
});

test("a second process is refused while the first one serves it, and changes nothing", async () => {
  const first = await listen();
  await expect(listen()).rejects.toThrow("another process serves it");
  const client = connect(path);
  await once(client, "connect");
  client.destroy();
  await first.close();
  await (await listen()).close();
});

test("the socket of a process that has died is replaced", async () => {
  const dead = createServer().listen(`${path}.old`);
  await once(dead, "listening");
  await rename(`${path}.old`, path);
  dead.close();
  await once(dead, "close");
  expect((await stat(path)).isSocket()).toBe(true);
  const listening = await listen();
  await once(connect(path), "connect");
  await listening.close();
});

test("a socket that another process has put there since is left alone", async () => {
  const first = await listen();
  await rm(path);
  const second = await listen();
  await first.close();
  expect((await stat(path)).isSocket()).toBe(true);
  await second.close();
});

test("what cannot be a socket is refused, and why", async () => {
  await writeFile(path, "text");
  await expect(listen()).rejects.toThrow("a file is there that is no socket");
  await expect(listen(join(folder, "none", "s"))).rejects.toThrow("its folder does not exist");
  await expect(listen(join(folder, "x".repeat(100)))).rejects.toThrow("too long for a socket");
  expect(await readdir(folder)).toEqual(["bus.sock"]);
});

import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { freePorts } from "./ports.ts";
import { Server } from "./server.ts";

let folder: string;
let server: Server | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "server-"));
});
afterEach(async () => {
  await server?.kill();
  await rm(folder, { recursive: true, force: true });
});

function run(script: string, isReady: () => Promise<boolean>, readyLimitMs = 10_000): Server {
  const args = ["-e", script];
  server = new Server({ name: "fake", command: process.execPath, args, folder, isReady, readyLimitMs });
  return server;
}
const never = () => Promise.resolve(false);

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

test("start waits until it is ready; kill and restart keep the port", async () => {
  const [port = 0] = await freePorts(1);
  const fake = run(`require("net").createServer().listen(${port}, "127.0.0.1")`, () => listens(port));
  await fake.start();
  expect(await listens(port)).toBe(true);
  await fake.kill();
  expect(await listens(port)).toBe(false);
  await fake.restart();
  expect(await listens(port)).toBe(true);
  await fake.stop();
  expect(await listens(port)).toBe(false);
});

test("a server that ends before it is ready is quoted", async () => {
  const fake = run("console.error('port taken'); process.exit(4)", never);
  await expect(fake.start()).rejects.toThrow(/fake ended with code 4 before it was ready.*\n {2}port taken/s);
});

test("a server that never becomes ready is ended", async () => {
  const fake = run("setInterval(() => {}, 1000)", never, 300);
  await expect(fake.start()).rejects.toThrow("fake was not ready after 0.3 s");
});

test("a server that ends by itself later is told", async () => {
  const fake = run("setTimeout(() => process.exit(5), 300)", () => Promise.resolve(true));
  await fake.start();
  expect((await fake.failed()).message).toContain("fake ended with code 5");
});

test("a server that was stopped has not failed", async () => {
  const fake = run("setInterval(() => {}, 1000)", () => Promise.resolve(true));
  await fake.start();
  const failed = fake.failed();
  await fake.stop();
  expect(await Promise.race([failed, fake.stop().then(() => "stopped")])).toBe("stopped");
});

import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { connect } from "@nats-io/transport-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Archive } from "../../eventing/bus/archive.ts";
import type { Bus } from "../../eventing/bus/bus.ts";
import { accountEvent } from "../../eventing/bus/contract.ts";
import { createJetStreamBus } from "../../eventing/bus/jetstream.ts";
import { fact } from "../../shared/event.ts";
import { startNats, type TestServer } from "../../test/servers.ts";
import { root } from "../../tools/paths.ts";

const run = promisify(execFile);
const log = { debug() {}, info() {}, warn() {}, error() {} };
const prefix = "dlq";
let nats: TestServer;
let bus: Bus & Archive;
let folder: string;
beforeAll(async () => {
  nats = await startNats();
  bus = await createJetStreamBus({ url: nats.url, prefix, log, version: "1.2.3" });
  folder = await mkdtemp(join(tmpdir(), "dlq-test-"));
});
afterAll(async () => {
  await bus.close();
  await nats.stop();
  await rm(folder, { recursive: true });
});

/** A process of its own: one that leaves something open on NATS would not end. */
async function pm(...args: readonly string[]): Promise<string> {
  const env = { ...process.env, NATS_URL: nats.url };
  const { stdout } = await run(join(root, "bin/pm"), [...args, `--nats-prefix=${prefix}`], { env, timeout: 30_000 });
  return stdout;
}

test("dead letters on NATS are shown, tried again and dropped, each by a command that ends", async () => {
  const received: string[] = [];
  const on = [{ type: fact.ready }];
  await bus.subscribe({ function: "create-workspace", on, maxInFlight: 16 }, ({ event, attempt, ...delivery }) => {
    received.push(`${event.id} attempt ${attempt}`);
    void (received.length === 1 ? delivery.deadLetter({ code: 500, reason: "not today" }) : delivery.ack());
  });
  const about = { type: fact.ready, kcpcluster: "1abc", kcppath: "root:orgs", accountkey: "1abc/acme" };
  await bus.publish(accountEvent("1", about));
  await expect.poll(() => pm("dlq", "list")).toMatch(/create-workspace +root:orgs:acme +1 +1\.2\.3 +not today/);
  const connection = await connect({ servers: nats.url });
  connection.publish(`${prefix}.retry.create-workspace.3`, "no event");
  await connection.drain();
  await expect.poll(async () => (await pm("dlq", "list", "-o", "name")).trim().split("\n")).toHaveLength(2);

  const [event = "", malformed = ""] = (await pm("dlq", "list", "-o", "name")).trim().split("\n");
  expect(await pm("dlq", "show", event)).toContain("not today (500)");
  expect(await pm("dlq", "show", malformed)).toContain("\nno event\n");
  expect(await pm("dlq", "retry", event)).toContain("handed over again: 1 dead letter\n");
  await expect.poll(() => received).toEqual(["1 attempt 1", "1 attempt 1"]);
  await expect(pm("dlq", "retry", malformed)).rejects.toThrow("was no event");
  expect(await pm("dlq", "drop", "--all", "--yes")).toBe("dropped: 1 dead letter\n");
  expect(await pm("dlq", "list")).toBe("no dead letters\n");
});

test("what pm export took from NATS can be put there below another prefix", async () => {
  const file = join(folder, "all.jsonl.gz");
  await pm("export", "--to", "1", "-O", file);
  const { stdout } = await run(join(root, "bin/pm"), ["import", file, "--into", "copy", "--nats-url", nats.url]);
  expect(stdout).toContain("holds     1 event,");
  expect(stdout).toContain("next: pm events --nats-prefix copy");
  const copied = ["events", "-o", "name", "--nats-url", nats.url, "--nats-prefix", "copy"];
  expect((await run(join(root, "bin/pm"), copied, { timeout: 30_000 })).stdout).toBe("1\n");
});

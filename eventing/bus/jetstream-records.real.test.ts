import { type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection, nanos } from "@nats-io/transport-node";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { startNats, type TestServer } from "../../test/servers.ts";
import type { Archive } from "./archive.ts";
import { recording } from "./archive-contract.ts";
import type { Bus } from "./bus.ts";
import { accountEvent, collect } from "./contract.ts";
import { createJetStreamBus } from "./jetstream.ts";
import { loadHistory, PrefixInUseError } from "./jetstream-load.ts";

let nats: TestServer;
let connection: NatsConnection;
let jsm: JetStreamManager;
let bus: Bus & Archive;
let prefix: string;
let count = 0;
const log = { debug() {}, info() {}, warn() {}, error() {} };
const hour = 60 * 60 * 1000;
const bounds = { maxAgeMs: hour, maxBytes: 1024 * 1024 };

beforeAll(async () => {
  nats = await startNats();
  connection = await connect({ servers: nats.url, maxReconnectAttempts: -1 });
  jsm = await jetstreamManager(connection);
});
afterAll(async () => {
  await connection.close();
  await nats.stop();
});
beforeEach(async () => {
  prefix = `records${count++}`;
  bus = await createJetStreamBus({ url: nats.url, prefix, log });
  return () => bus.close();
});

const stream = () => `${prefix}-invocations`;
const streams = async () => (await collect(jsm.streams.names())).filter((name) => name.startsWith(prefix));
async function recorded(): Promise<string[]> {
  const ids: string[] = [];
  for await (const { invocation } of bus.invocations()) ids.push(invocation.event.id);
  return ids;
}

it("makes the stream once something is recorded, and changes its bounds with the flags", async () => {
  await bus.publish(accountEvent("1"));
  expect(await streams()).toEqual([prefix]);
  const records = await bus.records(bounds);
  records.append(recording("1"));
  await records.flush();
  expect((await streams()).sort()).toEqual([prefix, stream()]);
  const { config } = await jsm.streams.info(stream());
  expect(config).toMatchObject({ max_age: nanos(hour), max_bytes: 1024 * 1024, discard: "old" });
  (await bus.records({ maxAgeMs: 1_000, maxBytes: 2048 * 1024 })).append(recording("2"));
  await records.flush();
  expect((await jsm.streams.info(stream())).config).toMatchObject({ max_age: nanos(1_000), max_bytes: 2048 * 1024 });
});

it("stores all of many recordings in their order, the newest within the bytes", async () => {
  const records = await bus.records(bounds);
  const ids = Array.from({ length: 1000 }, (_, index) => String(index));
  for (const id of ids) records.append(recording(id));
  await records.flush();
  expect(await recorded()).toEqual(ids);
  for (const id of ids.slice(0, 300)) records.append(recording(id, { version: "x".repeat(10_000) }));
  await records.flush();
  const kept = await recorded();
  expect(kept.length).toBeLessThan(110);
  expect(kept.at(-1)).toBe("299");
});

it("keeps recordings while NATS is away and stores each once when it is back; the work goes on", async () => {
  const records = await bus.records(bounds);
  records.append(recording("before"));
  await records.flush();
  await nats.kill();
  for (const id of ["1", "2", "3"]) records.append(recording(id));
  const since = Date.now();
  await records.flush();
  expect(Date.now() - since).toBeLessThan(2_500);
  await nats.restart();
  await expect.poll(recorded, { timeout: 15_000 }).toEqual(["before", "1", "2", "3"]);
});

it("makes the stream anew when somebody has deleted it, and the bus stays connected", async () => {
  const records = await bus.records(bounds);
  records.append(recording("1"));
  await records.flush();
  await jsm.streams.delete(stream());
  expect(await recorded()).toEqual([]);
  records.append(recording("2"));
  await expect.poll(recorded, { timeout: 10_000 }).toEqual(["2"]);
  expect(bus.connected).toBe(true);
});

it("loads a history below a prefix that is new, and refuses one that is not", async () => {
  const events = ["1", "2"].map((id) => accountEvent(id));
  for (const event of events) await bus.publish(event);
  const records = await bus.records(bounds);
  records.append(recording("1"));
  await records.flush();
  const into = `${prefix}copy`;
  await loadHistory(connection, into, bus);
  const copy = await createJetStreamBus({ url: nats.url, prefix: into, log });
  expect((await collect(copy.history())).map(({ event }) => event)).toEqual(events);
  expect(await collect(copy.invocations())).toHaveLength(1);
  await copy.close();
  await expect(loadHistory(connection, into, bus)).rejects.toThrow(PrefixInUseError);
  const torn = new ReadableStream<never>({ pull: (controller) => controller.error(new Error("torn")) });
  const broken: Archive = { ...bus, deadLetters: () => torn };
  await expect(loadHistory(connection, `${prefix}torn`, broken)).rejects.toThrow("torn");
  expect(await streams()).not.toContain(`${prefix}torn`);
});

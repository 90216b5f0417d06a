import { setTimeout as delay } from "node:timers/promises";
import type { Bus, Consumption } from "../../eventing/bus/bus.ts";
import { createJetStreamBus } from "../../eventing/bus/jetstream.ts";
import { createMemoryBus } from "../../eventing/bus/memory.ts";
import { type CloudEvent, resource } from "../../shared/event.ts";

/** What the buses cost: `node test/bench/bus.ts [NATS-URL]`. Without a URL only the one in memory. */
const [, , url] = process.argv;
const log = { debug() {}, info() {}, warn: console.warn, error: console.error };
const functions = 6;
const on = [{ type: resource.update, kind: "Account" }];
const data = { spec: { filler: "x".repeat(4000) } };
const arrived = new Map<string, (at: number) => void>();
let sent = 0;

interface Sample {
  readonly published: number;
  readonly delivered: number;
}

async function send(bus: Bus): Promise<Sample> {
  const index = sent++;
  const accountkey = `1abc/a${index}`;
  const id = `${process.pid}.${index}`;
  const event: CloudEvent = {
    specversion: "1.0",
    id,
    type: resource.update,
    source: "/bench",
    kind: "Account",
    accountkey,
    data,
  };
  const { promise, resolve } = Promise.withResolvers<number>();
  arrived.set(id, resolve);
  const start = performance.now();
  await bus.publish(event);
  const published = performance.now() - start;
  const delivered = (await promise) - start;
  arrived.delete(id);
  return { published, delivered };
}

function subscribe(bus: Bus, index: number): Promise<Consumption> {
  return bus.subscribe({ function: `bench-${index}`, on, maxInFlight: 320 }, (delivery) => {
    if (index === 0) arrived.get(delivery.event.id)?.(performance.now());
    delivery.ack().catch(console.error);
  });
}

async function measure(name: string, bus: Bus): Promise<void> {
  const report = (what: string) => console.log(`${name}: ${what}`);
  let start = performance.now();
  await Promise.all(Array.from({ length: functions }, (_, index) => subscribe(bus, index)));
  report(`${functions} functions subscribed in ${since(start)} ms`);

  for (let index = 0; index < 200; index++) await send(bus);
  const samples: Sample[] = [];
  for (let index = 0; index < 1000; index++) samples.push(await send(bus));
  report(`publish to delivery ${spread(samples.map(({ delivered }) => delivered))}`);
  report(`publish to confirmation ${spread(samples.map(({ published }) => published))}`);

  start = performance.now();
  await Promise.all(Array.from({ length: 5000 }, () => send(bus)));
  report(`5000 events at once to ${functions} functions in ${since(start)} ms`);

  const before = process.cpuUsage();
  await delay(20_000);
  const { user, system } = process.cpuUsage(before);
  report(`idle, ${((user + system) / 10_000 / 20).toFixed(2)} % of a core`);
  await measureCheckpoint(bus, report);
  await bus.close();
}

async function measureCheckpoint(bus: Bus, report: (what: string) => void): Promise<void> {
  const checkpoint = await bus.checkpoint();
  const entries = Array.from({ length: 5000 }, (_, index) => `1abc/a${index}`);
  await Promise.all(entries.map((key) => checkpoint.set("shard", "Account", key, { uid: key, resourceVersion: "1" })));
  const start = performance.now();
  const { size } = await checkpoint.load("shard", "Account");
  report(`checkpoint of ${size} entries read in ${since(start)} ms`);
}

const since = (start: number): string => (performance.now() - start).toFixed(0);
function spread(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (part: number) => (sorted[Math.floor((sorted.length - 1) * part)] ?? Number.NaN).toFixed(2);
  return `median ${at(0.5)} ms, p99 ${at(0.99)} ms`;
}

await measure("memory", createMemoryBus());
if (url) await measure("JetStream", await createJetStreamBus({ url, prefix: `bench${process.pid}`, log }));

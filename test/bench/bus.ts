import type { Bus } from "../../eventing/bus/bus.ts";
import { createJetStreamBus } from "../../eventing/bus/jetstream.ts";
import { createMemoryBus } from "../../eventing/bus/memory.ts";
import type { CloudEvent } from "../../shared/event.ts";
import { resource } from "../../shared/event.ts";

/** Latency from publish to delivery, throughput, and the cost of 96 consumers, of one bus or both.
 *  Usage: node test/bench/bus.ts [NATS-URL] */
const url = process.argv[2];
const log = { debug() {}, info() {}, warn: console.warn, error: console.error };
const payload = { spec: { filler: "x".repeat(4000) } };

const event = (index: number): CloudEvent => ({
  specversion: "1.0",
  id: `${process.pid}.${index}`,
  type: resource.update,
  source: "https://kcp.example/clusters/1abc",
  subject: `/apis/core.platform-mesh.io/v1alpha1/accounts/a${index}`,
  accountkey: `1abc/a${index}`,
  kind: "Account",
  data: payload,
});
const percentile = (sorted: readonly number[], part: number): string =>
  (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0).toFixed(2);

async function measure(name: string, bus: Bus): Promise<void> {
  const arrived = new Map<string, (at: number) => void>();
  const opened = performance.now();
  const consumptions = await Promise.all(
    Array.from({ length: 6 }, (_, index) =>
      bus.subscribe(
        { function: `bench-${index}`, on: [{ type: resource.update, kind: "Account" }], maxInFlight: 320 },
        (delivery) => {
          if (index === 0) arrived.get(delivery.event.id)?.(performance.now());
          delivery.ack().catch(console.error);
        },
      ),
    ),
  );
  console.log(`${name}: 6 functions subscribed in ${(performance.now() - opened).toFixed(0)} ms`);

  let sent = 0;
  const send = async (): Promise<{ deliver: number; publish: number }> => {
    const next = event(sent++);
    const { promise, resolve } = Promise.withResolvers<number>();
    arrived.set(next.id, resolve);
    const start = performance.now();
    await bus.publish(next);
    const published = performance.now();
    const delivered = await promise;
    arrived.delete(next.id);
    return { deliver: delivered - start, publish: published - start };
  };
  for (let index = 0; index < 200; index++) await send();
  const samples: { deliver: number; publish: number }[] = [];
  for (let index = 0; index < 1000; index++) samples.push(await send());
  const latencies = samples.map(({ deliver }) => deliver).sort((a, b) => a - b);
  const publishes = samples.map(({ publish }) => publish).sort((a, b) => a - b);
  console.log(
    `${name}: publish to deliver, median ${percentile(latencies, 0.5)} ms, p99 ${percentile(latencies, 0.99)} ms`,
  );
  console.log(
    `${name}: publish confirmed, median ${percentile(publishes, 0.5)} ms, p99 ${percentile(publishes, 0.99)} ms`,
  );

  const started = performance.now();
  await Promise.all(Array.from({ length: 5000 }, send));
  console.log(
    `${name}: 5000 at once, ${Math.round(5000 / ((performance.now() - started) / 1000))} events/s to 6 functions`,
  );

  const before = process.cpuUsage();
  await new Promise((resolve) => setTimeout(resolve, 20_000));
  const { user, system } = process.cpuUsage(before);
  console.log(`${name}: idle, ${(((user + system) / 1000 / 20_000) * 100).toFixed(2)} % of a core`);
  const checkpoint = await bus.checkpoint();
  await Promise.all(
    Array.from({ length: 5000 }, (_, i) =>
      checkpoint.set("shard", "Account", `1abc/a${i}`, { uid: "u", resourceVersion: String(i) }),
    ),
  );
  const loading = performance.now();
  const { size } = await checkpoint.load("shard", "Account");
  console.log(`${name}: checkpoint of ${size} entries read in ${(performance.now() - loading).toFixed(0)} ms`);
  for (const consumption of consumptions) await consumption.stop();
  await bus.close();
}

await measure("memory", createMemoryBus());
if (url) await measure("jetstream", await createJetStreamBus({ url, prefix: `bench${process.pid}`, log }));

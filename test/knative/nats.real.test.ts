import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createJetStreamBus } from "../../eventing/bus/jetstream.ts";
import { openJetStreamSink } from "../../eventing/sink/jetstream-sink.ts";
import type { CloudEvent } from "../../shared/event.ts";
import type { Log } from "../../shared/function.ts";
import { httpContent } from "../../shared/http-event.ts";
import { type Answer, scriptedServer } from "../scripted-server.ts";
import { startNats, type TestServer } from "../servers.ts";
import type { Delivery } from "./objects.ts";
import { made, place, type World, world } from "./world.ts";

// The rules of the double where class nats differs from the multi-tenant one: what is the same is tested there.

let nats: TestServer;
let nc: NatsConnection;
beforeAll(async () => {
  nats = await startNats();
  nc = await connect({ servers: nats.url });
});
afterAll(async () => {
  await nc?.close();
  await nats?.stop();
});

const silent: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const stream = "KN_BROKER_ACCOUNTS__DEFAULT";
const prefix = `${place.namespace}.${place.name}._knative_broker`;
const ok: Answer = (_, response) => response.writeHead(204).end();
const always =
  (status: number, body = "no"): Answer =>
  (_, response) =>
    response.writeHead(status).end(body);
const replying =
  (event: CloudEvent): Answer =>
  (_, response) => {
    const { headers, body } = httpContent(event, "structured");
    response.writeHead(200, headers).end(body);
  };
const quick: Delivery = { retry: 2, backoffPolicy: "exponential", backoffDelay: "PT0.05S" };
const only = (type: string) => ({ filter: { attributes: { type } } });

/** NATS knows the ids of all tests for two minutes. */
let count = 0;
const fresh = (more: Parameters<typeof made>[1] = {}): CloudEvent => made(`nats-${++count}`, more);
/** A Broker with nothing in its stream. */
async function onNats(broker: Parameters<typeof world>[1] = {}): Promise<World> {
  await (await jetstreamManager(nc)).streams.delete(stream).catch(() => false);
  return world({ kind: "nats", natsUrl: nats.url }, broker);
}
const ended = (each: World, number = 1) =>
  expect.poll(() => each.ended.length, { timeout: 30_000, interval: 20 }).toBe(number);
/** How it ended, after the name of the Trigger and the id of the event. */
const how = ({ ended: lines }: World) => lines.map((line) => line.split(" ").slice(2).join(" "));

test.each([
  [204, "delivered", 1],
  [400, "dropped", 1],
  [404, "dropped", 1],
  [409, "dropped", 1],
  [408, "dropped", 3],
  [429, "dropped", 3],
  [500, "dropped", 3],
  [503, "dropped", 3],
])("retry set: %i ends as %s after %i attempts", async (status, result, attempts) => {
  await using each = await onNats();
  const seen = await each.subscribe(always(status, status < 300 ? "" : "no"), { delivery: quick });
  await each.produce(fresh());
  await ended(each);
  expect(how(each)).toEqual([result]);
  expect(seen).toHaveLength(attempts);
});

test("without any delivery spec there is ONE attempt", async () => {
  await using each = await onNats();
  const seen = await each.subscribe(always(500));
  await each.produce(fresh());
  await ended(each);
  expect(seen).toHaveLength(1);
});

test("the Broker's delivery fills in what a Trigger does not say, field by field", async () => {
  await using each = await onNats({ delivery: { retry: 1 } });
  const seen = await each.subscribe(always(500), { delivery: { backoffPolicy: "linear", backoffDelay: "PT0.05S" } });
  await each.produce(fresh());
  await ended(each);
  expect(seen).toHaveLength(2);
});

test("a 2xx whose body is no event is passed over", async () => {
  await using each = await onNats();
  await each.subscribe(always(200, "fine"), { delivery: quick });
  await each.produce(fresh());
  await ended(each);
  expect(how(each)).toEqual(["delivered"]);
});

test("a reply comes back into the Broker, and nothing counts how often", async () => {
  await using each = await onNats();
  let turns = 0;
  const loop: Answer = (...args) => (++turns < 300 ? replying(fresh()) : ok)(...args);
  const seen = await each.subscribe(loop, only("test.thing"));
  await each.produce(fresh());
  await ended(each, 300);
  expect(seen[0]?.headers["ce-knativebrokerttl"]).toBeUndefined();
  expect(seen[0]?.headers.prefer).toBe("reply");
});

test("a dead letter says what went wrong", async () => {
  await using each = await onNats();
  await using sink = await scriptedServer(always(202, ""));
  await each.subscribe(always(400, "never"), { delivery: quick, deadLetterUri: sink.url });
  await each.produce(fresh());
  await ended(each);
  expect(how(each)).toEqual(["dead letter"]);
  expect(sink.seen[0]?.headers).toMatchObject({
    "ce-knativeerrorcode": "400",
    "ce-knativeerrordata": Buffer.from("never").toString("base64"),
  });
});

test("an event with an id that came before is stored once", async () => {
  await using each = await onNats();
  const seen = await each.subscribe(ok);
  const event = fresh();
  await each.produce(event);
  await each.produce(event);
  await each.produce(fresh());
  await ended(each, 2);
  expect(seen).toHaveLength(2);
});

test("decisions 4: what the source publishes straight into the stream reaches the Triggers", async () => {
  await using each = await onNats();
  const seen = await each.subscribe(ok);
  const { sink } = await openJetStreamSink({ url: nats.url, prefix, log: silent });
  try {
    const event = fresh({ accountkey: "c/acme", kind: "Account" });
    await sink.publish(event);
    await sink.publish(event);
    await ended(each);
    expect(seen).toHaveLength(1);
    expect(seen[0]?.headers).toMatchObject({ "ce-accountkey": "c/acme", "ce-kind": "Account" });
    const stored = await jetstream(nc).streams.get(stream);
    const message = await stored.getMessage({ last_by_subj: `${prefix}.>` });
    expect(message?.subject).toMatch(/^accounts\.default\._knative_broker\.ev\.\d+\./);
    expect(message?.header.get("content-type")).toBe("application/cloudevents+json");
    expect(message?.header.keys().filter((name) => name.startsWith("ce-"))).toEqual([]);
  } finally {
    await sink.close();
  }
});

test("decisions 4: the source leaves the Broker's stream as it is", async () => {
  await using _ = await onNats();
  const jsm = await jetstreamManager(nc);
  const before = (await jsm.streams.info(stream)).config;
  const { sink } = await openJetStreamSink({ url: nats.url, prefix, log: silent });
  await sink.publish(fresh());
  await sink.close();
  expect((await jsm.streams.info(stream)).config).toEqual(before);
});

test("a Broker without a stream is named, with what to do", async () => {
  const opening = openJetStreamSink({ url: nats.url, prefix: "other.missing._knative_broker", log: silent });
  await expect(opening).rejects.toThrow(
    "there is no stream KN_BROKER_OTHER__MISSING of Broker other/missing: it makes it itself when it is of class NatsJetStreamBroker and Ready (kubectl get broker missing -n other)",
  );
});

test("a stream that takes other subjects is not taken for the Broker's", async () => {
  const jsm = await jetstreamManager(nc);
  await jsm.streams.add({ name: "KN_BROKER_ODD__ODD", subjects: ["odd.>"] });
  const opening = openJetStreamSink({ url: nats.url, prefix: "odd.odd._knative_broker", log: silent });
  await expect(opening).rejects.toThrow("takes odd.>, not odd.odd._knative_broker.>");
});

test("decisions 5: what NATS does not take is told as too large", async () => {
  await using _ = await onNats();
  const { sink } = await openJetStreamSink({ url: nats.url, prefix, log: silent });
  await expect(sink.publish(fresh({ data: "x".repeat(9 * 1024 * 1024) }))).rejects.toThrow("the bus takes at most");
  await sink.close();
});

test("decisions 4: a runner of our own reads the Broker's stream beside its Triggers, and writes nothing but events there", async () => {
  await using each = await onNats();
  await each.subscribe(ok, only("test.thing"));
  const bus = await createJetStreamBus({ url: nats.url, prefix, log: silent });
  const attempts: string[] = [];
  const consumption = await bus.subscribe(
    { function: "f", on: [{ type: "test.thing" }], maxInFlight: 16 },
    (delivery) => {
      attempts.push(`${delivery.event.id} ${delivery.attempt}`);
      if (attempts.length === 1) void delivery.requeue(300);
      else void delivery.deadLetter({ code: 500, reason: "no" });
    },
  );
  try {
    const event = fresh({ accountkey: "c/acme" });
    await bus.publish(event);
    await ended(each);
    await expect.poll(() => attempts.length, { timeout: 20_000 }).toBe(2);
    const letters = async () => {
      const found: string[] = [];
      for await (const { event: letter } of bus.deadLetters()) found.push(letter.id);
      return found;
    };
    await expect.poll(letters, { timeout: 20_000 }).toEqual([event.id]);
    const ids: string[] = [];
    for await (const { event: stored } of bus.history()) ids.push(stored.id);
    expect(ids).toEqual([event.id]);
    const { state } = await (await jetstreamManager(nc)).streams.info(stream, { subjects_filter: ">" });
    expect(Object.keys(state.subjects ?? {})).toEqual([
      expect.stringMatching(/^accounts\.default\._knative_broker\.ev\./),
    ]);
  } finally {
    await consumption.stop();
    await bus.close();
  }
});

import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect, headers, type NatsConnection } from "@nats-io/transport-node";
import { afterEach, beforeEach, expect, it } from "vitest";
import { fact, resource } from "../../shared/event.ts";
import { encodeEvent } from "../../shared/event-codec.ts";
import { type Claim, claimAny } from "../../tools/claim.ts";
import { type Nats, startNatsServer } from "../../tools/nats-server.ts";
import { stateFolder } from "../../tools/paths.ts";
import type { Archive } from "./archive.ts";
import type { Bus } from "./bus.ts";
import { accountEvent, Inbox } from "./contract.ts";
import type { DeadLetter } from "./dead-letter.ts";
import { createJetStreamBus } from "./jetstream.ts";

const time = { now: () => Date.now(), pass: (ms: number) => delay(ms) };
const log = { debug() {}, info() {}, warn() {}, error() {} };
const subscription = {
  function: "ready-maker",
  on: [{ type: resource.update, kind: "Account" }, { type: fact.ready }],
  maxInFlight: 160,
};

let state: Claim;
let nats: Nats;
let bus: Bus & Archive;
let inbox: Inbox;
beforeEach(async () => {
  state = await claimAny(join(stateFolder, "test"));
  nats = await startNatsServer(state);
  bus = await createJetStreamBus({ url: nats.url, log });
  inbox = new Inbox(time);
});
afterEach(async () => {
  await bus.close();
  await nats.server.stop();
  await state.release();
});

async function until(condition: () => boolean | Promise<boolean>, ms = 10_000): Promise<void> {
  for (const end = Date.now() + ms; !(await condition()); await delay(20)) {
    if (Date.now() > end) throw new Error("it did not become so");
  }
}
async function letters(): Promise<DeadLetter[]> {
  const result: DeadLetter[] = [];
  for await (const { event } of bus.deadLetters()) result.push(event as DeadLetter);
  return result;
}
async function withConnection(use: (nc: NatsConnection) => Promise<unknown>): Promise<void> {
  const nc = await connect({ servers: nats.url });
  await use(nc);
  await nc.close();
}

it("loses nothing when NATS is killed and started again", async () => {
  const acked = new Set<string>();
  await bus.subscribe(subscription, (delivery) => {
    inbox.deliver(delivery);
    if (delivery.event.id !== "under way" || delivery.attempt > 1) {
      void delivery.ack().then(() => acked.add(delivery.event.id));
    }
  });
  await bus.publish(accountEvent("under way"));
  for (let index = 0; index < 20; index++) await bus.publish(accountEvent(`${index}`, { accountkey: `1abc/${index}` }));
  await until(() => acked.size === 20);
  await nats.server.kill();
  await until(() => !bus.connected);
  await nats.server.restart();
  await until(() => bus.connected);
  await bus.publish(accountEvent("after"));
  await until(() => acked.has("after") && acked.has("under way"));
  // What a hard kill makes the server forget of the latest acknowledgements comes again, and then no more.
  const { length } = inbox.all;
  await delay(6_000);
  expect(inbox.all).toHaveLength(length);
});

it("makes the stream, its consumers and the checkpoint anew after NATS has lost its data", async () => {
  await bus.subscribe(subscription, inbox.deliver);
  const checkpoint = await bus.checkpoint();
  await checkpoint.set("s", "Account", "k", { uid: "u", resourceVersion: "1" });
  await bus.publish(accountEvent("of before"));
  const old = await inbox.at(0);
  await nats.server.kill();
  await rm(join(state.folder, "jetstream"), { recursive: true });
  await nats.server.restart();
  await until(() => bus.connected);
  expect(await checkpoint.load("s", "Account")).toEqual(new Map());
  await checkpoint.set("s", "Account", "k", { uid: "u", resourceVersion: "2" });
  await bus.publish(accountEvent("of after"));
  await inbox.at(1);
  // It has the sequence of the new event, which must not end with it.
  await old.ack();
  const again = await inbox.at(2, 8_000);
  await again.ack();
  expect(inbox.ids()).toEqual(["of before", "of after", "of after"]);
});

it("repairs the stream and a consumer that somebody deletes", async () => {
  await bus.subscribe(subscription, inbox.deliver);
  await bus.publish(accountEvent("1"));
  await (await inbox.at(0)).ack();
  await withConnection(async (nc) => (await jetstreamManager(nc)).streams.delete("pm"));
  await bus.publish(accountEvent("2"));
  await (await inbox.at(1)).ack();
  await withConnection(async (nc) => {
    const jsm = await jetstreamManager(nc);
    for await (const { name } of jsm.consumers.list("pm")) await jsm.consumers.delete("pm", name);
  });
  await bus.publish(accountEvent("3"));
  await until(() => inbox.ids().includes("3"));
});

it("publish rejects while NATS is away, and the event can be published later", async () => {
  await bus.subscribe(subscription, inbox.deliver);
  await nats.server.kill();
  await until(() => !bus.connected);
  const started = Date.now();
  await expect(bus.publish(accountEvent("1"))).rejects.toThrow("publishing 1 to pm.ev.");
  expect(Date.now() - started).toBeLessThan(6_000);
  await nats.server.restart();
  await bus.publish(accountEvent("1"));
  await (await inbox.at(0)).ack();
  expect(inbox.ids()).toEqual(["1"]);
});

it("moves what is no event to the dead letters, says why, and stops for nothing", async () => {
  await bus.subscribe(subscription, inbox.deliver);
  const subject = "pm.ev.3.Account.update";
  const { id: _, ...withoutId } = accountEvent("x");
  const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  const bad: readonly (readonly [Uint8Array, RegExp])[] = [
    [new TextEncoder().encode("{not json"), /the body is not JSON/],
    [Uint8Array.of(0xff, 0xfe, 0x00), /the body is not UTF-8/],
    [text([]), /the body is no JSON object/],
    [text(withoutId), /id: /],
    [text({ ...accountEvent("x"), specversion: "0.3" }), /specversion: /],
    [new TextEncoder().encode(`${"[".repeat(5000)}${"]".repeat(5000)}`), /nested deeper than 500 levels/],
    [new Uint8Array(0), /the body is not JSON/],
  ];
  await withConnection(async (nc) => {
    const js = jetstream(nc);
    for (const [body] of bad) await js.publish(subject, body);
    await js.publish(subject, encodeEvent(accountEvent("good", { accountkey: "1abc/other" })));
  });
  await (await inbox.at(0)).ack();
  await until(async () => (await letters()).length === bad.length);
  const stored = await letters();
  for (const [, reason] of bad)
    expect(stored.map(({ knativeerrordata }) => knativeerrordata)).toContainEqual(expect.stringMatching(reason));
  expect(stored[0]).toMatchObject({
    type: "io.platform-mesh.eventing.malformed",
    subject,
    knativeerrordest: "ready-maker",
    knativeerrorcode: "400",
    deliveryattempts: "1",
    data: new TextEncoder().encode("{not json"),
  });
  expect(inbox.ids()).toEqual(["good"]);
  const history: string[] = [];
  for await (const { event } of bus.history()) history.push(event.id);
  expect(history).toEqual(["good"]);
});

it("reads events in binary mode too", async () => {
  await bus.subscribe(subscription, inbox.deliver);
  await withConnection(async (nc) => {
    const h = headers();
    const attributes = {
      specversion: "1.0",
      id: "a%20b",
      type: resource.update,
      source: "/s",
      kind: "Account",
      accountkey: "1/a",
    };
    for (const [name, value] of Object.entries(attributes)) h.set(`ce-${name}`, value);
    h.set("content-type", "application/json");
    await jetstream(nc).publish("pm.ev.0.Account.update", JSON.stringify({ metadata: { name: "a" } }), { headers: h });
  });
  const { event } = await inbox.at(0);
  expect(event).toEqual({
    ...{ specversion: "1.0", id: "a b", type: resource.update, source: "/s", kind: "Account", accountkey: "1/a" },
    datacontenttype: "application/json",
    data: { metadata: { name: "a" } },
  });
});

it("writes structured JSON with a message id and nothing else", async () => {
  await bus.publish(accountEvent("ü 1"));
  await withConnection(async (nc) => {
    const message = await (await jetstreamManager(nc)).streams.getMessage("pm", {
      last_by_subj: "pm.ev.*.Account.update",
    });
    expect(message?.header.keys()).toEqual(["content-type", "Nats-Msg-Id"]);
    expect(message?.header.get("content-type")).toBe("application/cloudevents+json");
    expect(message?.header.get("Nats-Msg-Id")).toBe("%C3%BC%201");
    expect(message?.json()).toEqual(accountEvent("ü 1"));
  });
});

it("keeps stream, consumers and positions when it starts again, and takes over a changed subscription", async () => {
  await bus.subscribe(subscription, inbox.deliver);
  await bus.publish(accountEvent("1"));
  await (await inbox.at(0)).ack();
  await bus.close();
  bus = await createJetStreamBus({ url: nats.url, log, maxAgeMs: 3_600_000 });
  await bus.subscribe({ ...subscription, on: [...subscription.on, { type: resource.add }] }, inbox.deliver);
  await bus.publish(accountEvent("2", { type: resource.add, kind: "Workspace" }));
  await (await inbox.at(1)).ack();
  expect(inbox.ids()).toEqual(["1", "2"]);
});

it("delivers soon again what a process had under way when it was killed", async () => {
  const other = await createJetStreamBus({ url: nats.url, log });
  await other.subscribe(subscription, inbox.deliver);
  await bus.publish(accountEvent("1"));
  await inbox.at(0);
  await other.close();
  await bus.subscribe(subscription, inbox.deliver);
  const again = await inbox.at(1, 6_000);
  expect(again.attempt).toBe(2);
  await again.ack();
});

it("delivers at once elsewhere what was given back on the way out", async () => {
  const other = await createJetStreamBus({ url: nats.url, log });
  const consumption = await other.subscribe(subscription, inbox.deliver);
  await bus.publish(accountEvent("1"));
  const delivery = await inbox.at(0);
  await consumption.stop();
  await delivery.retry(0);
  await other.close();
  await bus.subscribe(subscription, inbox.deliver);
  await (await inbox.at(1, 1_000)).ack();
});

it("follows the history over a restart of NATS", async () => {
  const stop = new AbortController();
  const seen: string[] = [];
  const following = (async () => {
    for await (const { event } of bus.history({ follow: true, signal: stop.signal })) seen.push(event.id);
  })();
  await bus.publish(accountEvent("1"));
  await until(() => seen.length === 1);
  await nats.server.kill();
  await nats.server.restart();
  await until(() => bus.connected);
  await bus.publish(accountEvent("2"));
  await until(() => seen.length === 2);
  stop.abort();
  await following;
  expect(seen).toEqual(["1", "2"]);
});

it("says which server it cannot reach", async () => {
  await expect(createJetStreamBus({ url: "nats://127.0.0.1:1", log })).rejects.toThrow(
    "connecting to NATS at nats://127.0.0.1:1",
  );
});

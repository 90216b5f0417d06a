import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll } from "vitest";
import { startNats, type TestServer } from "../../test/servers.ts";
import { busContract } from "./contract.ts";
import { createJetStreamBus } from "./jetstream.ts";

let nats: TestServer;
let buses = 0;
const log = { debug() {}, info() {}, warn: console.warn, error() {} };
beforeAll(async () => {
  nats = await startNats();
});
afterAll(() => nats.stop());

const time = { now: () => Date.now(), pass: (ms: number) => delay(ms) };
busContract("JetStream bus", time, () => createJetStreamBus({ url: nats.url, prefix: `contract.t${buses++}`, log }));

import { afterAll, beforeAll } from "vitest";
import { startNats, type TestServer } from "../../test/servers.ts";
import { archiveContract } from "./archive-contract.ts";
import { createJetStreamBus } from "./jetstream.ts";

let nats: TestServer;
let buses = 0;
const log = { debug() {}, info() {}, warn: console.warn, error() {} };
beforeAll(async () => {
  nats = await startNats();
});
afterAll(() => nats.stop());

archiveContract("JetStream", async () => {
  const bus = await createJetStreamBus({ url: nats.url, prefix: `archive.t${buses++}`, log, version: "1.2.3" });
  return { bus, archive: bus, close: () => bus.close() };
});

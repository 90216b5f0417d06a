import type { JetStreamClient, JetStreamManager } from "@nats-io/jetstream";
import type { NatsConnection, Status } from "@nats-io/transport-node";
import { expect, it } from "vitest";
import { JetStreamLink } from "./jetstream-link.ts";

const ignore = () => undefined;
const log = { debug: ignore, info: ignore, warn: ignore, error: ignore };

it("whoever waited since the first of several disconnects goes on after the reconnect", async () => {
  const told: Status["type"][] = [];
  let wake = ignore as () => void;
  const status = async function* () {
    for (;;) {
      for (const type of told.splice(0)) yield { type } as Status;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  const say = async (...types: Status["type"][]) => {
    told.push(...types);
    wake();
    await new Promise((resolve) => setImmediate(resolve));
  };
  const nc = { status, getServer: () => "nats", isClosed: () => false } as unknown as NatsConnection;
  const js = {} as JetStreamClient;
  const jsm = {} as JetStreamManager;
  const link = new JetStreamLink({ nc, js, jsm, log, provision: async () => "one" }, "one");

  await say("disconnect");
  const waiting = link.ready();
  await say("disconnect", "disconnect");
  expect(link.connected).toBe(false);
  await say("reconnect", "reconnect");
  expect(await waiting).toBe("one");
  expect(link.connected).toBe(true);
});

import { setTimeout as delay } from "node:timers/promises";
import { expect, it } from "vitest";
import { resource } from "../shared/event.ts";
import { type AccountFunction, done, requeue } from "../shared/function.ts";
import { startNats } from "../test/servers.ts";
import { accountEvent } from "./bus/contract.ts";
import { createJetStreamBus } from "./bus/jetstream.ts";
import { createDispatcher } from "./dispatcher.ts";
import { executeHere } from "./execute.ts";

const log = { debug() {}, info() {}, warn() {}, error() {} };
const fn = (name: string): AccountFunction => ({
  name,
  on: [{ type: resource.update, kind: "Account" }],
  handle: () => Promise.resolve(done()),
});

it("handles every event of every account, never two of one account at once, while NATS is killed and handlers fail", async () => {
  const nats = await startNats();
  const bus = await createJetStreamBus({ url: nats.url, log });
  const busy = new Set<string>();
  const together: string[] = [];
  const handled = new Set<string>();
  const dispatcher = createDispatcher({
    ...{ bus, log, functions: [fn("f"), fn("g")] },
    execute: executeHere(async ({ name }, { id, accountkey = "" }, { attempt }) => {
      if (busy.has(accountkey)) together.push(id);
      busy.add(accountkey);
      await delay(Math.random() * 20);
      busy.delete(accountkey);
      if (attempt === 1 && Math.random() < 0.1) throw new Error("now and then");
      if (attempt === 1 && !handled.has(`${name} ${id}`) && Math.random() < 0.1) {
        handled.add(`${name} ${id}`);
        return requeue(300, "now and then");
      }
      handled.add(`${name} ${id}`);
      return done();
    }),
  });
  await dispatcher.start();
  const ids = Array.from({ length: 300 }, (_, index) => `${index}`);
  const publishing = (async () => {
    for (const id of ids) {
      const event = accountEvent(id, { accountkey: `1abc/${Number(id) % 20}` });
      while (
        !(await bus.publish(event).then(
          () => true,
          () => false,
        ))
      )
        await delay(50);
    }
  })();
  await delay(300);
  await nats.kill();
  await delay(200);
  await nats.restart();
  await publishing;
  for (const end = Date.now() + 30_000; handled.size < 600 && Date.now() < end; ) await delay(50);
  expect(handled.size).toBe(600);
  expect(together).toEqual([]);
  await dispatcher.drain(5_000);
  expect(busy.size).toBe(0);
  await bus.close();
  await nats.stop();
});

import { afterEach, beforeEach, expect, test } from "vitest";
import { type ServedBus, serveBus } from "../../test/served-bus.ts";
import { openSocketArchive } from "./archive-client.ts";
import { accountEvent } from "./contract.ts";

let served: ServedBus;
beforeEach(async () => {
  served = await serveBus();
});
afterEach(() => served[Symbol.asyncDispose]());

const open = () => openSocketArchive({ path: served.socket, timeoutMs: 2_000 });

test("a bus that ends in the middle of a story is told as broken off, not as the end", async () => {
  await served.bus.publish(accountEvent("1"));
  const archive = await open();
  const reading = archive.history({ follow: true })[Symbol.asyncIterator]();
  expect((await reading.next()).value?.event.id).toBe("1");
  const broken = expect(reading.next()).rejects.toThrow("aborted");
  await served[Symbol.asyncDispose]();
  await broken;
  served = await serveBus();
});

test("a long story comes whole to a slow reader", async () => {
  const text = "x".repeat(1024 * 1024);
  for (let index = 0; index < 20; index++) await served.bus.publish(accountEvent(`${index}`, { data: { text } }));
  const archive = await open();
  let count = 0;
  for await (const { event } of archive.history()) {
    expect(event.id).toBe(String(count++));
    if (count === 1) await new Promise((resolve) => setTimeout(resolve, 30));
  }
  expect(count).toBe(20);
});

test("what the other process refuses is told in its words", async () => {
  const archive = await open();
  await expect(archive.redeliver(accountEvent("1"), "nobody")).rejects.toThrow("no such function takes events");
});

test("a socket that is not that of a bus, or gone, is told at once", async () => {
  await expect(openSocketArchive({ path: `${served.socket}.none`, timeoutMs: 100 })).rejects.toThrow("ENOENT");
});

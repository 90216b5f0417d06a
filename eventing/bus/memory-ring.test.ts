import { expect, it } from "vitest";
import { manualClock } from "../../test/manual-clock.ts";
import { accountEvent } from "./contract.ts";
import { createMemoryBus } from "./memory.ts";
import { MemoryRing } from "./memory-ring.ts";

async function items(ring: MemoryRing<string>): Promise<string[]> {
  const result: string[] = [];
  for await (const { item } of ring.read()) result.push(item);
  return result;
}

it("keeps at most so many entries, and none that is too old", async () => {
  const ring = new MemoryRing<string>({ maxEntries: 3, maxAgeMs: 100 });
  for (const [index, item] of ["1", "2", "3", "4"].entries()) ring.append(item, 1, index * 10);
  expect(await items(ring)).toEqual(["2", "3", "4"]);
  ring.trim(120);
  expect(await items(ring)).toEqual(["4"]);
  ring.trim(1_000);
  expect(await items(ring)).toEqual([]);
  ring.append("5", 1, 1_000);
  expect(await items(ring)).toEqual(["5"]);
});

it("keeps at most so many bytes, and less once it is told so", async () => {
  const ring = new MemoryRing<string>({ maxBytes: 10 });
  for (const item of ["1", "2", "3"]) ring.append(item, 4, 0);
  expect(await items(ring)).toEqual(["2", "3"]);
  ring.bound({ maxBytes: 7 }, 0);
  expect(await items(ring)).toEqual(["3"]);
  ring.append("larger than all", 8, 0);
  expect(await items(ring)).toEqual([]);
});

it("is read over what was removed from its middle", async () => {
  const ring = new MemoryRing<string>({});
  for (const item of ["1", "2", "3", "4"]) ring.append(item, 1, 0);
  expect([ring.remove(2), ring.remove(2), ring.remove(3), ring.remove(9)]).toEqual([true, false, true, false]);
  expect(await items(ring)).toEqual(["1", "4"]);
  const from3 = await ring.read({ fromSequence: 3 }).next();
  expect(from3.value?.item).toBe("4");
});

it("goes on with the oldest that is left when the reader was too slow", async () => {
  const ring = new MemoryRing<string>({ maxEntries: 2 });
  ring.append("1", 1, 0);
  const reader = ring.read({ follow: true });
  expect((await reader.next()).value?.item).toBe("1");
  for (const item of ["2", "3", "4"]) ring.append(item, 1, 0);
  expect((await reader.next()).value?.item).toBe("3");
  ring.close();
  expect((await reader.next()).done).toBe(true);
});

it("forgets an id after the duplicate window", async () => {
  const clock = manualClock();
  const bus = createMemoryBus({ clock });
  const count = async () => {
    let events = 0;
    for await (const _ of bus.history()) events++;
    return events;
  };
  await bus.publish(accountEvent("1"));
  await clock.pass(119_000);
  await bus.publish(accountEvent("1"));
  expect(await count()).toBe(1);
  await clock.pass(2_000);
  await bus.publish(accountEvent("1"));
  expect(await count()).toBe(2);
  await bus.close();
  expect(clock.pending).toBe(0);
});

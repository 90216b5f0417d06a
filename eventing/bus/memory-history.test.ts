import { expect, it } from "vitest";
import { encodeEvent } from "../../shared/event-codec.ts";
import { manualClock } from "../../test/manual-clock.ts";
import { accountEvent } from "./contract.ts";
import { createMemoryBus } from "./memory.ts";
import { MemoryHistory } from "./memory-history.ts";

const ids = async (history: MemoryHistory): Promise<string[]> => {
  const result: string[] = [];
  for await (const { event } of history.read()) result.push(event.id);
  return result;
};
const body = (id: string) => encodeEvent(accountEvent(id));

it("keeps at most so many events, and none that is too old", async () => {
  const history = new MemoryHistory({ maxEvents: 3, maxAgeMs: 100 });
  for (const [index, id] of ["1", "2", "3", "4"].entries()) history.append(body(id), index * 10);
  expect(await ids(history)).toEqual(["2", "3", "4"]);
  history.trim(120);
  expect(await ids(history)).toEqual(["4"]);
  history.trim(1_000);
  expect(await ids(history)).toEqual([]);
  history.append(body("5"), 1_000);
  expect(await ids(history)).toEqual(["5"]);
});

it("goes on with the oldest that is left when the reader was too slow", async () => {
  const history = new MemoryHistory({ maxEvents: 2, maxAgeMs: 1_000 });
  history.append(body("1"), 0);
  const reader = history.read({ follow: true });
  expect((await reader.next()).value?.event.id).toBe("1");
  for (const id of ["2", "3", "4"]) history.append(body(id), 0);
  expect((await reader.next()).value?.event.id).toBe("3");
  history.close();
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

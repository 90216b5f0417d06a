import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { Turns } from "./turns.ts";

/** Work that ends when it is told to. */
function works() {
  const log: string[] = [];
  const ends = new Map<string, PromiseWithResolvers<void>>();
  const work = (name: string) => async () => {
    log.push(`${name} begins`);
    const end = Promise.withResolvers<void>();
    ends.set(name, end);
    await end.promise;
    log.push(`${name} ends`);
  };
  return {
    log,
    work,
    end(name: string): void {
      ends.get(name)?.resolve();
    },
    fail(name: string): void {
      ends.get(name)?.reject(new Error(name));
    },
  };
}

test("a key's work goes one after the other, that of different keys beside each other", async () => {
  const { log, work, end } = works();
  const turns = new Turns(10);
  turns.take("a", work("a1"));
  turns.take("a", work("a2"));
  turns.take("b", work("b1"));
  end("b1");
  end("a1");
  await setImmediate();
  expect(log).toEqual(["a1 begins", "b1 begins", "b1 ends", "a1 ends", "a2 begins"]);
});

test("there is room again only when less than the width is under way", async () => {
  const { work, end } = works();
  const turns = new Turns(2);
  await turns.take("a", work("a")).room;
  let room = false;
  void turns.take("b", work("b")).room.then(() => {
    room = true;
  });
  await setImmediate();
  expect(room).toBe(false);
  end("a");
  await setImmediate();
  expect(room).toBe(true);
});

test("with a width of 1 there is room when the work is done; its failure is told, and the key goes on", async () => {
  const { log, work, end, fail } = works();
  const turns = new Turns(1);
  const { room } = turns.take("a", work("a1"));
  fail("a1");
  await expect(room).rejects.toThrow("a1");
  const next = turns.take("a", work("a2"));
  end("a2");
  await next.room;
  expect(log).toEqual(["a1 begins", "a2 begins", "a2 ends"]);
});

test("is idle once nothing is under way", async () => {
  const { work, end } = works();
  const turns = new Turns(10);
  turns.take("a", work("a"));
  let idle = false;
  void turns.idle().then(() => {
    idle = true;
  });
  await setImmediate();
  expect(idle).toBe(false);
  end("a");
  await setImmediate();
  expect(idle).toBe(true);
});

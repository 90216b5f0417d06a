import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { expect, it } from "vitest";
import { KeyedQueue } from "./keyed-queue.ts";

interface Started {
  readonly key: string;
  readonly lane: string;
  readonly number: number;
  finish(): void;
}

function harness(width: number) {
  const queue = new KeyedQueue(width);
  const running: Started[] = [];
  const started: Started[] = [];
  let number = 0;
  const push = (key: string, lane: string) => {
    const own = number++;
    queue.push({
      key,
      lane,
      run: () =>
        new Promise((resolve) => {
          const task: Started = {
            ...{ key, lane, number: own },
            finish() {
              running.splice(running.indexOf(task), 1);
              resolve();
            },
          };
          running.push(task);
          started.push(task);
        }),
    });
  };
  return { queue, running, started, push };
}

it("runs one task of a key at a time, in order, at most `width` of a lane, and forgets all in the end", async () => {
  const step = fc.oneof(
    fc.record({ key: fc.constantFrom("a", "b", "c", "d"), lane: fc.constantFrom("x", "y") }),
    fc.record({ finish: fc.nat() }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 3 }), async (steps, width) => {
      const { queue, running, started, push } = harness(width);
      let pushed = 0;
      const check = () => {
        expect(new Set(running.map(({ key }) => key)).size).toBe(running.length);
        for (const lane of ["x", "y"]) {
          expect(running.filter((task) => task.lane === lane).length).toBeLessThanOrEqual(width);
        }
      };
      for (const each of steps) {
        if ("finish" in each) running[each.finish % running.length]?.finish();
        else {
          pushed++;
          push(each.key, each.lane);
        }
        await setImmediate();
        check();
      }
      while (running.length > 0) {
        running[0]?.finish();
        await setImmediate();
        check();
      }
      expect(started).toHaveLength(pushed);
      for (const key of ["a", "b", "c", "d"]) {
        const numbers = started.filter((task) => task.key === key).map(({ number }) => number);
        expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
      }
      expect(queue.keys).toBe(0);
      await queue.idle();
    }),
    { numRuns: 60 },
  );
});

it("runs different keys beside each other", () => {
  const { running, push } = harness(3);
  for (const key of ["a", "b", "c", "d", "a"]) push(key, "x");
  expect(running.map(({ key }) => key)).toEqual(["a", "b", "c"]);
});

it("does not let a full lane hold up another one", () => {
  const { running, push } = harness(1);
  for (const [key, lane] of [
    ["a", "x"],
    ["b", "x"],
    ["c", "y"],
  ] as const)
    push(key, lane);
  expect(running.map(({ key }) => key)).toEqual(["a", "c"]);
});

it("gives back what has not started, in order, and is idle once the rest is done", async () => {
  const { queue, running, push } = harness(1);
  for (const key of ["a", "a", "b", "a", "b"]) push(key, "x");
  const cleared = queue.clear().map(({ key }) => key);
  expect(cleared.toSorted()).toEqual(["a", "a", "b", "b"]);
  expect(queue.keys).toBe(1);
  running[0]?.finish();
  await queue.idle();
  expect(queue.keys).toBe(0);
  push("b", "x");
  expect(running).toHaveLength(1);
});

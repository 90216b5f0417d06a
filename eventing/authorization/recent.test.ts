import { expect, test } from "vitest";
import { recent } from "./recent.ts";

let now = 0;
const counting = (maxSize = 10) => {
  const loads: string[] = [];
  const read = recent(
    async (key) => {
      loads.push(key);
      if (key === "bad") throw new Error("away");
      return loads.length;
    },
    { freshMs: 100, maxSize, now: () => now },
  );
  return { loads, read };
};

test("what was read is read again once it is old, whoever asks in between gets the same", async () => {
  const { loads, read } = counting();
  const [one, two] = await Promise.all([read("a"), read("a")]);
  expect([one, two, loads]).toEqual([1, 1, ["a"]]);
  now += 99;
  expect(await read("a")).toBe(1);
  now += 1;
  expect(await read("a")).toBe(2);
});

test("a failure is not remembered", async () => {
  const { loads, read } = counting();
  await expect(read("bad")).rejects.toThrow("away");
  await expect(read("bad")).rejects.toThrow("away");
  expect(loads).toEqual(["bad", "bad"]);
});

test("the oldest is forgotten when there are too many", async () => {
  const { loads, read } = counting(2);
  for (const key of ["a", "b", "c", "c", "a"]) await read(key);
  expect(loads).toEqual(["a", "b", "c", "a"]);
});

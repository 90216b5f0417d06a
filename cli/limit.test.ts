import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { createLimit } from "./limit.ts";

test("never more at once than its width, and all in the end", async () => {
  const limit = createLimit(3);
  let running = 0;
  let most = 0;
  const results = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      limit(async () => {
        most = Math.max(most, ++running);
        await turn();
        running--;
        return index;
      }),
    ),
  );
  expect(most).toBe(3);
  expect(results).toEqual(Array.from({ length: 20 }, (_, index) => index));
});

test("a failure frees its place", async () => {
  const limit = createLimit(1);
  await expect(limit(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
  await expect(limit(async () => "next")).resolves.toBe("next");
});

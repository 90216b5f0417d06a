import { setTimeout as sleep } from "node:timers/promises";

const limitMs = 100_000;

/** Tries until `check` no longer throws and answers what it answers; its last error after 100 s. */
export async function eventually<T>(check: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() >= deadline) throw error;
      await sleep(25);
    }
  }
}

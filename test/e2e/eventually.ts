import { setTimeout as sleep } from "node:timers/promises";

/** Tries until `check` no longer throws and answers what it answers; its last error after `within` milliseconds. */
export async function eventually<T>(within: number, check: () => Promise<T>, interval = 100): Promise<T> {
  const deadline = performance.now() + within;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() >= deadline) throw error;
      await sleep(interval);
    }
  }
}

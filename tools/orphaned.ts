import { setInterval as every } from "node:timers/promises";

/** Resolves when the process that started this one is gone: nobody is left who would end it. */
export async function orphaned(): Promise<void> {
  const parent = process.ppid;
  for await (const _ of every(1000, undefined, { ref: false })) if (process.ppid !== parent) return;
}

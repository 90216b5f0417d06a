const tickMs = 10_000;

/** Progress goes to stderr, so that a result on stdout can be piped. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Seconds with one decimal below ten, e.g. `3.2 s`, `14 s`, `2 min 5 s`. */
export function elapsed(sinceMs: number, nowMs = performance.now()): string {
  const seconds = (nowMs - sinceMs) / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** Says what is being done at once, again every 10 s with `detail`, and at the end how long it took. */
export async function withProgress<T>(what: string, work: () => Promise<T>, detail?: () => string): Promise<T> {
  const start = performance.now();
  say(`  ${what} …`);
  const timer = setInterval(() => say(`  … ${what}: ${elapsed(start)}${detail ? `, ${detail()}` : ""}`), tickMs);
  try {
    const result = await work();
    say(`  ${what}: done in ${elapsed(start)}`);
    return result;
  } finally {
    clearInterval(timer);
  }
}

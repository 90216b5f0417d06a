/** A value below which the share `p` of the sorted values lies. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(p * sorted.length) - 1)] ?? Number.NaN;
}

export const median = (values: readonly number[]): number => percentile(values, 0.5);

/** Milliseconds for people. */
export const duration = (ms: number): string => (ms < 10_000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`);

/** `median (5 % to 95 %)`. */
export const spread = (values: readonly number[]): string =>
  `${duration(median(values))} (${duration(percentile(values, 0.05))} to ${duration(percentile(values, 0.95))})`;

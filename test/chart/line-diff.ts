/** A line that only one of two texts has. */
export interface DiffLine {
  readonly side: "-" | "+";
  readonly line: string;
}

/** What it takes to make `after` of `before`, by their longest common sequence: a line that moved counts twice. */
export function lineDiff(before: readonly string[], after: readonly string[]): readonly DiffLine[] {
  const rows = before.length + 1;
  const columns = after.length + 1;
  const common = Array.from({ length: rows }, () => new Array<number>(columns).fill(0));
  const at = (i: number, j: number) => common[i]?.[j] ?? 0;
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      const row = common[i];
      if (row) row[j] = before[i] === after[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const diff: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    const [old, now] = [before[i], after[j]];
    if (old !== undefined && old === now) [i, j] = [i + 1, j + 1];
    else if (old !== undefined && (now === undefined || at(i + 1, j) >= at(i, j + 1))) {
      diff.push({ side: "-", line: old });
      i++;
    } else if (now !== undefined) {
      diff.push({ side: "+", line: now });
      j++;
    }
  }
  return diff;
}

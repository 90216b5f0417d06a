/** Remembers what `load` answers for `freshMs` milliseconds, failures not at all; whoever asks meanwhile waits for the same
 *  answer. At most `maxSize` keys. */
export function recent<T>(
  load: (key: string) => Promise<T>,
  { freshMs, maxSize, now }: { readonly freshMs: number; readonly maxSize: number; now(): number },
): (key: string) => Promise<T> {
  const known = new Map<string, { readonly at: number; readonly value: Promise<T> }>();
  return (key) => {
    const last = known.get(key);
    if (last && now() - last.at < freshMs) return last.value;
    const value = load(key);
    known.delete(key);
    known.set(key, { at: now(), value });
    value.catch(() => {
      if (known.get(key)?.value === value) known.delete(key);
    });
    const [oldest] = known.keys();
    if (known.size > maxSize && oldest !== undefined) known.delete(oldest);
    return value;
  };
}

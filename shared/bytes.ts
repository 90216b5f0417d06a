const factor = { "": 1, Ki: 1024, Mi: 1024 ** 2, Gi: 1024 ** 3, k: 1e3, M: 1e6, G: 1e9 } as const;

/** Bytes of an amount as Kubernetes writes it, as `256Mi`, `1.5Gi` or `65536`; `undefined` when it is none. */
export function parseBytes(text: string): number | undefined {
  const [, amount, unit = ""] = /^(\d+(?:\.\d+)?)(Ki|Mi|Gi|k|M|G)?$/.exec(text) ?? [];
  return amount === undefined ? undefined : Math.floor(Number(amount) * factor[unit as keyof typeof factor]);
}

/** Bytes for people: `512 B`, `1.5 KiB`, `64 MiB`. */
export function formatBytes(bytes: number): string {
  const power = Math.min(3, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  const amount = bytes / 1024 ** power;
  return `${amount < 10 && power > 0 ? amount.toFixed(1) : Math.round(amount)} ${["B", "KiB", "MiB", "GiB"][power]}`;
}

import type { Io } from "./command.ts";

const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;
export type Style = Readonly<Record<keyof typeof codes, (text: string) => string>>;

/** Wraps text in terminal colours, or leaves it alone where they are not wanted. */
export function styleOf({ color }: Pick<Io, "color">): Style {
  const paint = (code: number) => (text: string) => (color && text ? `\u001b[${code}m${text}\u001b[0m` : text);
  return Object.fromEntries(Object.entries(codes).map(([name, code]) => [name, paint(code)])) as Style;
}

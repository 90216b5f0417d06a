import type { Io } from "./command.ts";
import { toYaml } from "./yaml.ts";

interface Renderers {
  table(): string;
  name(): string;
}

/** Prints one value in the format of -o; json and yaml are the stable forms for scripts. */
export function print(io: Pick<Io, "stdout">, format: string, value: unknown, renderers: Renderers): void {
  io.stdout.write(rendered(format, value, renderers));
}

function rendered(format: string, value: unknown, renderers: Renderers): string {
  switch (format) {
    case "json":
      return `${JSON.stringify(value, null, 2)}\n`;
    case "yaml":
      return toYaml(value);
    case "name":
      return renderers.name();
    default:
      return renderers.table();
  }
}

/** Columns as wide as their widest cell; the first row is the heading. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, index) => Math.max(...rows.map((row) => (row[index] ?? "").length)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join("  ")
      .trimEnd();
  return rows.map((row) => `${line(row)}\n`).join("");
}

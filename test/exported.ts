import { writeFile } from "node:fs/promises";
import { format, formatVersion, type Header, type Item } from "../cli/export/format.ts";
import { exportedLines } from "../cli/export/write.ts";

/** Writes a file as pm export does. */
export async function writeExport(file: string, items: readonly Item[]): Promise<void> {
  const header: Header = {
    format,
    version: formatVersion,
    product: "1.2.3",
    exportedAt: "2026-01-01T00:00:00Z",
    selection: {},
  };
  async function* each() {
    yield* items;
  }
  const counts = { events: 0, invocations: 0, deadLetters: 0 };
  await writeFile(file, exportedLines(header, each(), counts));
}

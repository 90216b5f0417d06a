import { createHash } from "node:crypto";
import { type Counts, countOf, type Header, type Item, itemToJson } from "./format.ts";

/** The lines of a file, each with its end; `counts` grows with them. */
export async function* exportedLines(
  header: Header,
  items: AsyncIterable<Item>,
  counts: { -readonly [K in keyof Counts]: number },
): AsyncGenerator<string> {
  const hash = createHash("sha256");
  const hashed = (line: string) => {
    hash.update(line);
    return line;
  };
  yield hashed(`${JSON.stringify(header)}\n`);
  for await (const item of items) {
    counts[countOf[item.kind]]++;
    yield hashed(`${itemToJson(item)}\n`);
  }
  yield `${JSON.stringify({ end: counts, sha256: hash.digest("hex") })}\n`;
}

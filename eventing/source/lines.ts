const newline = 0x0a;

/** Splits a stream into its lines. Throws when one is longer than `maxBytes`: then it is no stream of objects. */
export async function* lines(stream: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<string> {
  let parts: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      parts.push(chunk.subarray(start, end));
      const line = Buffer.concat(parts).toString("utf8");
      parts = [];
      size = 0;
      start = end + 1;
      if (line.trim()) yield line;
    }
    const rest = chunk.subarray(start);
    size += rest.length;
    if (size > maxBytes) throw new Error(`reading a stream: a line of more than ${maxBytes} bytes`);
    if (rest.length > 0) parts.push(rest);
  }
  // What remains was cut off by the end of the connection: the watch that follows brings it again.
}

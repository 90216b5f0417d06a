import type { IncomingMessage } from "node:http";

/** The body has more bytes than are read. */
export class TooLargeError extends Error {
  override name = "TooLargeError";
}
/** The client went before the end of its body. */
export class CutOffError extends Error {
  override name = "CutOffError";
}

/** The whole body of a request. Throws TooLargeError, and CutOffError. */
export async function bodyOf(request: IncomingMessage, maxBytes: number): Promise<Uint8Array> {
  if (Number(request.headers["content-length"]) > maxBytes) throw new TooLargeError();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop must leave the connection, on which the answer goes out.
  const incoming: AsyncIterable<Uint8Array> = request.iterator({ destroyOnReturn: false });
  try {
    for await (const chunk of incoming) {
      bytes += chunk.byteLength;
      if (bytes > maxBytes) throw new TooLargeError();
      chunks.push(chunk);
    }
  } catch (cause) {
    throw request.destroyed ? new CutOffError("the client has gone", { cause }) : cause;
  }
  return Buffer.concat(chunks);
}

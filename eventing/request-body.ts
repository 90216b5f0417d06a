import type { IncomingMessage } from "node:http";

/** The body has more bytes than are taken. */
export class TooLargeError extends Error {
  override name = "TooLargeError";
}
/** The client went away before its body ended. */
export class CutOffError extends Error {
  override name = "CutOffError";
}

/** All of the body. Throws TooLargeError, before it is read where its length is said, and CutOffError. */
export async function bodyOf(request: IncomingMessage, maxBytes: number): Promise<Uint8Array> {
  if (Number(request.headers["content-length"]) > maxBytes) throw new TooLargeError(`more than ${maxBytes} bytes`);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop must leave the connection, on which the answer goes out.
  const incoming: AsyncIterable<Uint8Array> = request.iterator({ destroyOnReturn: false });
  try {
    for await (const chunk of incoming) {
      bytes += chunk.byteLength;
      if (bytes > maxBytes) throw new TooLargeError(`more than ${maxBytes} bytes`);
      chunks.push(chunk);
    }
  } catch (cause) {
    throw request.destroyed ? new CutOffError("the client has gone", { cause }) : cause;
  }
  return Buffer.concat(chunks);
}

/** Reads on without keeping anything, up to so many bytes more: who is still writing would not get the answer otherwise. */
export async function discardRest(request: IncomingMessage, maxBytes: number): Promise<void> {
  let left = maxBytes;
  const incoming: AsyncIterable<Uint8Array> = request.iterator({ destroyOnReturn: false });
  try {
    for await (const chunk of incoming) {
      left -= chunk.byteLength;
      if (left < 0) return;
    }
  } catch {
    // Nobody waits for the answer any more.
  }
}

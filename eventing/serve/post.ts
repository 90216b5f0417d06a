import type { HttpContent } from "../../shared/http-event.ts";
import { messageOf } from "../../shared/kcp/errors.ts";

/** A server that events are handed to did not take one. */
export class NotTakenError extends Error {
  override name = "NotTakenError";
}

/** Milliseconds that such a server may take: whoever sent the event that caused this waits in the meantime. */
const limitMs = 10_000;

/** Posts content and throws NotTakenError unless the answer is 2xx. `doing` begins the message. */
export async function post(url: string, { headers, body }: HttpContent, doing: string, signal?: AbortSignal) {
  const limits = [AbortSignal.timeout(limitMs), ...(signal ? [signal] : [])];
  let response: Response;
  try {
    response = await fetch(url, { method: "POST", headers, body, redirect: "manual", signal: AbortSignal.any(limits) });
    await response.body?.cancel();
  } catch (cause) {
    throw new NotTakenError(`${doing}: ${messageOf(rootOf(cause))}`, { cause });
  }
  if (!response.ok) throw new NotTakenError(`${doing}: the answer is ${response.status}`);
}

function rootOf(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? rootOf(error.cause) : error;
}

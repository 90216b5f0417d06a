import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { messageOf } from "../../shared/kcp/errors.ts";

const pollMs = 10;
const aliveLimitMs = 2_000;

/** Waits until a server says that it is ready, or the signal is aborted; tells what it lacks in the meantime. */
export async function untilReady(url: string, signal: AbortSignal, onLack: (problem: string) => void): Promise<void> {
  for (;;) {
    const problem = await problemAt(new URL("health/readiness", url), signal);
    if (problem === undefined) return;
    signal.throwIfAborted();
    onLack(problem);
    await delay(pollMs, undefined, { signal });
  }
}

/** Whether a server answers at all. */
export const isAlive = async (url: string): Promise<boolean> =>
  (await problemAt(new URL("health/liveness", url), AbortSignal.timeout(aliveLimitMs))) === undefined;

/** `undefined` where the answer is 200. */
async function problemAt(url: URL, signal: AbortSignal): Promise<string | undefined> {
  try {
    const asked = get(url, { agent: false, signal });
    const [response]: IncomingMessage[] = await once(asked, "response");
    if (!response) return "no answer";
    const said = (await text(response)).trim();
    return response.statusCode === 200 ? undefined : said;
  } catch (error) {
    return messageOf(error);
  }
}

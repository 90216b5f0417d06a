import type { IncomingMessage } from "node:http";
import { ApiError } from "../../shared/kcp/client.ts";
import { messageOf, UnreachableError } from "../../shared/kcp/errors.ts";
import type { Http } from "../../shared/kcp/http.ts";
import type { KubeObject } from "../../shared/kcp/objects.ts";
import { systemClock } from "../clock.ts";
import type { Pace } from "./backoff.ts";
import { lines } from "./lines.ts";
import { type Page, parsePage, parseWatched, refused, type Watched } from "./wire.ts";

/** How long things may take, in milliseconds. */
export interface Timing extends Pace {
  /** The server is asked to end a watch after this. */
  readonly watchMs: number;
  /** A watch that says nothing for so long is opened anew, since its connection may be half open. */
  readonly idleMs: number;
  /** One page of a list, or the head of a watch. */
  readonly requestMs: number;
  /** Accounts whose resync is due are looked for this often. */
  readonly tickMs: number;
}
export const defaultTiming: Timing = {
  watchMs: 300_000,
  idleMs: 90_000,
  requestMs: 30_000,
  backoff: { minMs: 100, maxMs: 5_000 },
  clock: systemClock,
  random: Math.random,
  tickMs: 5_000,
};

export interface Watching {
  readonly http: Http;
  /** URL of the collection. */
  readonly url: string;
  readonly timing: Timing;
  readonly signal: AbortSignal;
}

const maxLineBytes = 32 * 1024 * 1024;
const pageSize = "500";

/** Lists a collection page by page. Throws ApiError; 410 when that took so long that its version was given up. */
export async function listAll<T extends KubeObject>({ http, url, timing, signal }: Watching): Promise<Page<T>> {
  const objects: T[] = [];
  for (let token = ""; ; ) {
    const query = new URLSearchParams({ limit: pageSize, ...(token && { continue: token }) });
    const response = await http.send({ method: "GET", url: `${url}?${query}`, timeoutMs: timing.requestMs, signal });
    if (response.status !== 200) throw refused(response.status, response.text);
    const page = parsePage<T>(response.text);
    objects.push(...page.objects);
    token = page.next;
    if (!token) return { ...page, objects };
  }
}

/** The newest version that the server knows. */
export async function newestVersion({ http, url, timing, signal }: Watching): Promise<string> {
  const response = await http.send({ method: "GET", url: `${url}?limit=1`, timeoutMs: timing.requestMs, signal });
  if (response.status !== 200) throw refused(response.status, response.text);
  return parsePage(response.text).resourceVersion;
}

/** What happens to a collection after `resourceVersion`, until the server ends the watch or is silent for too long. Throws
 *  ApiError when the server refuses (410: too old), UnreachableError when the connection breaks or brings garbage. */
export async function* watch<T extends KubeObject>(
  watching: Watching,
  resourceVersion: string,
  opened: () => void,
): AsyncGenerator<Watched<T>> {
  const { http, url, timing, signal } = watching;
  const query = new URLSearchParams({
    watch: "true",
    allowWatchBookmarks: "true",
    resourceVersion,
    timeoutSeconds: String(Math.ceil(timing.watchMs / 1000)),
  });
  const stream = await http.open({ method: "GET", url: `${url}?${query}`, timeoutMs: timing.requestMs, signal });
  const text = lines(attentive(stream, timing), maxLineBytes);
  try {
    if (stream.statusCode !== 200) throw refused(stream.statusCode ?? 0, (await text.next()).value ?? "");
    opened();
    for await (const line of text) yield parseWatched<T>(line);
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof Silence) return;
    if (cause instanceof ApiError) throw cause;
    throw new UnreachableError(`watching ${url}: ${messageOf(cause)}`, { cause });
  } finally {
    stream.destroy();
  }
}

/** Not a failure: kcp sends bookmarks only of kinds that something happens to. */
class Silence extends Error {
  override name = "Silence";
}

/** Cuts a stream that is silent while somebody waits for it; a reader that is busy elsewhere is no silence. */
async function* attentive(stream: IncomingMessage, { clock, idleMs }: Timing): AsyncGenerator<Buffer> {
  const chunks: AsyncIterator<Buffer> = stream[Symbol.asyncIterator]();
  for (;;) {
    const cancel = clock.after(idleMs, () => stream.destroy(new Silence()));
    const chunk = await chunks.next().finally(cancel);
    if (chunk.done) return;
    yield chunk.value;
  }
}

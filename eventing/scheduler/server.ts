import { createServer, type IncomingMessage } from "node:http";
import type { CloudEvent } from "../../shared/event.ts";
import { MalformedEventError } from "../../shared/event-codec.ts";
import type { Log } from "../../shared/function.ts";
import { readHttpEvent, UnsupportedEventError } from "../../shared/http-event.ts";
import type { Clock } from "../clock.ts";
import { type Listening, listen } from "../http-server.ts";
import { bodyOf, CutOffError, TooLargeError } from "../request-body.ts";
import type { Address } from "../run-config.ts";
import type { LetterTold } from "./letters.ts";
import type { Timers } from "./timers.ts";

export interface SchedulerServerOptions {
  readonly address: Address;
  /** Where timers are stored; `undefined` while this instance cannot store any. */
  readonly timers: () => Timers | undefined;
  /** Names of those that may be asked for. */
  readonly functions: ReadonlySet<string>;
  /** Told of each dead letter. */
  readonly letter: LetterTold;
  readonly clock: Clock;
  readonly log: Log;
}

interface Said {
  readonly status: number;
  readonly text: string;
}

const maxBytes = 4 * 1024 * 1024;
const maxMs = 30 * 24 * 60 * 60 * 1000;

/** Serves `POST /schedule/<function>?afterMs=N` with an event: 202 once it is stored that the function gets it again. And
 *  `POST /dead-letters`, or `/dead-letters/<function>`, as a dead-letter sink. */
export function serveScheduler(options: SchedulerServerOptions): Promise<Listening> {
  const { address, log } = options;
  const server = createServer(async (request, response) => {
    const { status, text } = await answer(request, options).catch((error: unknown) => failure(error, log));
    // What is left of a body that was not read cannot be told from a next request.
    if (!request.complete) response.setHeader("connection", "close");
    if (status === 405) response.setHeader("allow", "POST");
    if (status === 503) response.setHeader("retry-after", "1");
    response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(`${text}\n`);
  });
  return listen(server, address, "scheduler-bind-address");
}

async function answer(request: IncomingMessage, options: SchedulerServerOptions): Promise<Said> {
  const { functions, clock, letter } = options;
  const url = URL.parse(request.url ?? "/", "http://scheduler");
  const letters = /^\/dead-letters(?:\/([^/]+))?$/.exec(url?.pathname ?? "");
  if (letters) {
    if (request.method !== "POST") return { status: 405, text: "POST an event" };
    letter(await eventOf(request), letters[1]);
    return { status: 202, text: "told" };
  }
  const [, name] = /^\/schedule\/([^/]+)$/.exec(url?.pathname ?? "") ?? [];
  if (name === undefined)
    return { status: 404, text: "use /schedule/<function>?afterMs=<milliseconds> or /dead-letters/<function>" };
  if (request.method !== "POST") return { status: 405, text: "POST an event" };
  if (!functions.has(name)) return { status: 404, text: `there is no function ${name}` };
  const afterMs = Number(url?.searchParams.get("afterMs") ?? Number.NaN);
  if (!(afterMs >= 0 && afterMs <= maxMs)) {
    return { status: 400, text: `afterMs: milliseconds from 0 to ${maxMs} are needed` };
  }
  const timers = options.timers();
  if (!timers) return { status: 503, text: "this instance stands by: another one keeps the timers" };
  const event = await eventOf(request);
  const isStored = await timers.add({ function: name, event, dueAt: clock.now() + afterMs, refusals: 0 });
  return isStored ? { status: 202, text: "stored" } : { status: 503, text: "too many timers wait" };
}

async function eventOf(request: IncomingMessage): Promise<CloudEvent> {
  const headers = Object.entries(request.headers).map(([header, value]) => [header, String(value)] as const);
  return readHttpEvent({ headers, body: await bodyOf(request, maxBytes) }).event;
}

function failure(error: unknown, log: Log): Said {
  if (error instanceof UnsupportedEventError) return { status: 415, text: error.message };
  if (error instanceof MalformedEventError) return { status: 400, text: error.message };
  if (error instanceof TooLargeError) return { status: 413, text: `an event has at most ${maxBytes} bytes` };
  if (error instanceof CutOffError) return { status: 400, text: "the event was cut off" };
  log.error({ err: error }, "a timer could not be stored");
  return { status: 503, text: "the timer could not be stored" };
}

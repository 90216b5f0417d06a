import type { CloudEvent } from "../../shared/event.ts";
import type { Log } from "../../shared/function.ts";
import { httpContent } from "../../shared/http-event.ts";
import type { Metrics } from "../../shared/metrics.ts";
import { deadLetter } from "../bus/dead-letter.ts";
import type { DurableMap } from "../bus/durable-map.ts";
import { systemClock } from "../clock.ts";
import { createHttpClient, type HttpClient } from "../http-client.ts";
import type { SchedulerConfig } from "../source-config.ts";
import { type Delivered, deliver } from "./deliver.ts";
import { type LetterTold, tellingLetters } from "./letters.ts";
import { Scheduler } from "./scheduler.ts";
import { serveScheduler } from "./server.ts";
import type { Timer } from "./timer.ts";
import { Timers } from "./timers.ts";

export interface SchedulingOptions {
  /** Names of the functions that may ask for a timer. */
  readonly functions: ReadonlySet<string>;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** The endpoint that takes timers, and what brings them to their functions while this instance leads. */
export interface Scheduling {
  /** Takes timers into this storage from now on. */
  take(map: DurableMap): Promise<void>;
  /** Takes none until there is a storage again. */
  giveBack(): void;
  /** Delivers what is due, and puts the functions' replies where `publish` puts them. */
  start(publish: (event: CloudEvent, signal: AbortSignal) => Promise<void>): Promise<void>;
  stop(timeoutMs: number): Promise<void>;
  close(): Promise<void>;
}

const maxSockets = 32;

export async function openScheduling(config: SchedulerConfig, options: SchedulingOptions): Promise<Scheduling> {
  const { functions, log, metrics } = options;
  const client = createHttpClient({ maxSockets });
  const letter = tellingLetters(options);
  let timers: Timers | undefined;
  let scheduler: Scheduler | undefined;
  const server = await serveScheduler({
    address: config.address,
    timers: () => timers,
    functions,
    letter,
    clock: systemClock,
    log,
  });
  const ended = (name: string, outcome: string) =>
    metrics.events.timersEnded.inc({ function: functions.has(name) ? name : "other", outcome });
  let taken = new AbortController();
  return {
    async take(map) {
      const opened = new Timers(map, config.bounds, log);
      taken = new AbortController();
      // The bounds hold for all, and so does the count.
      await opened.follow(() => metrics.events.timers.set(opened.count), taken.signal);
      timers = opened;
    },
    giveBack() {
      taken.abort();
      timers = undefined;
    },
    async start(publish) {
      if (!timers) return;
      scheduler = new Scheduler({
        timers,
        deliver: (timer, signal) => deliver(timer, signal, { ...config, client, publish, timeoutMs: config.timeout }),
        bury: (timer, refused) => bury(timer, refused, { config, client, letter }),
        ...{ clock: systemClock, random: Math.random, log, ended },
      });
      await scheduler.start();
    },
    async stop(timeoutMs) {
      await scheduler?.stop(timeoutMs);
      scheduler = undefined;
    },
    async close() {
      await server.close();
      client.close();
    },
  };
}

interface Graveyard {
  readonly config: SchedulerConfig;
  readonly client: HttpClient;
  readonly letter: LetterTold;
}

/** Posts what a function will never take to the dead-letter sink, or tells of it where there is none. */
async function bury(
  { event, function: name, refusals }: Timer,
  { code, reason }: Delivered & { is: "refused" },
  { config: { deadLetterSink: url, timeout: timeoutMs }, client, letter }: Graveyard,
): Promise<void> {
  const dead = deadLetter(event, { function: name, code, reason, attempt: refusals + 1, version: undefined });
  if (url === undefined) return letter(dead, name);
  const { status } = await client.post({ ...httpContent(dead, "structured"), url, timeoutMs });
  if (status < 200 || status > 299) throw new Error(`the dead-letter sink ${url} answers ${status}`);
}

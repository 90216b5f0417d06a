import { randomUUID } from "node:crypto";
import { type CloudEvent, matches } from "../../shared/event.ts";
import type { Message } from "../../shared/event-codec.ts";
import type { AccountFunction, Log } from "../../shared/function.ts";
import { batchJson, type Received, readHttpEvent } from "../../shared/http-event.ts";
import type { Invoke } from "../../shared/invoke.ts";
import { messageOf } from "../../shared/kcp/errors.ts";
import { orderKey } from "../bus/subjects.ts";
import { type Clock, systemClock } from "../clock.ts";
import { type DispatchMetrics, type Handled, noMetrics, type Run } from "../dispatch-metrics.ts";
import { executeHere } from "../execute.ts";
import { handleDelivery } from "../handle-delivery.ts";
import { KeyedQueue } from "../keyed-queue.ts";
import { tellAll } from "../tell-all.ts";
import {
  type Answer,
  attemptHeader,
  type Ended,
  failedAnswer,
  handledAnswer,
  outcomes,
  refusedAnswer,
  textAnswer,
  unavailable,
} from "./answer.ts";
import { Attempts } from "./attempts.ts";
import { HttpDelivery } from "./http-delivery.ts";
import { Reply } from "./reply.ts";
import type { Schedule } from "./scheduler.ts";
import type { Sink } from "./sink.ts";

export interface ResponderOptions {
  readonly functions: readonly AccountFunction[];
  readonly invoke: Invoke;
  readonly log: Log;
  readonly metrics: DispatchMetrics;
  /** Whoever asks is the process that started this one: it counts the attempts, and may know what went wrong. */
  readonly forParent?: boolean;
  /** Accounts that one function works on at once. */
  readonly concurrency: number;
  readonly sink?: Sink | undefined;
  readonly schedule?: Schedule | undefined;
  /** Of one invocation, in milliseconds; 60,000 unless given. */
  readonly timeLimitMs?: number;
  readonly clock?: Clock;
}

export interface Posted extends Message {
  /** `/` for every function that takes the event, `/<function>` for that one. */
  readonly path: string;
  /** Whoever sent it has gone, and will send it again. */
  readonly isAbandoned?: () => boolean;
}

/** Requests to answers: what a server of functions does, without the server. */
export interface Responder {
  respond(posted: Posted): Promise<Answer>;
  /** Takes no further events and waits for those that it has; what is not done after `ms` milliseconds is aborted. */
  drain(ms: number): Promise<void>;
}

/** Events that are here at once, on which no more are taken: each may have 4 MiB. */
const maxInFlight = 320;

export function createResponder(options: ResponderOptions): Responder {
  const { functions, log, sink, forParent = false } = options;
  const queue = new KeyedQueue(options.concurrency);
  const work = working(options, queue);
  let inFlight = 0;
  let draining = false;

  const answer = async ({ event, mode }: Received, { headers, path, isAbandoned }: Posted): Promise<Answer> => {
    const named = functionsAt(path, functions);
    if (!named) return textAnswer(404, `use / or ${functions.map(({ name }) => `/${name}`).join(", ")}`);
    const takers = named.filter(({ on }) => on.some((filter) => matches(filter, event)));
    if (takers.length === 0) {
      const reason = `${named.map(({ name }) => name).join(", ")}: no subscription to this event`;
      return handledAnswer({ outcome: "drop", reason }, [], { mode, asBatch: false });
    }
    const reply = new Reply({ sink, takesBatch: takesBatch(headers) });
    const id = randomUUID();
    const attempt = forParent ? attemptOf(headers) : undefined;
    const runs = await Promise.all(takers.map((fn) => work.run(fn, event, { reply, id, attempt, isAbandoned })));
    if (runs.some(({ isStopped }) => isStopped)) return unavailable("shutting down");
    const failed = runs.find(({ ended }) => ended.outcome === "retry");
    if (failed) return failedAnswer(id, forParent ? failed.failure : undefined);
    return handledAnswer(summary(runs), reply.events, { mode, asBatch: reply.takesBatch });
  };

  return {
    async respond(posted) {
      if (draining) return unavailable("shutting down");
      if (inFlight >= maxInFlight) return unavailable("overloaded");
      let received: Received;
      try {
        received = readHttpEvent(posted);
      } catch (error) {
        const refused = refusedAnswer(error);
        log.warn({ status: refused.status, reason: messageOf(error) }, "refused a request");
        return refused;
      }
      inFlight++;
      try {
        return await answer(received, posted);
      } finally {
        inFlight--;
      }
    },
    async drain(ms) {
      draining = true;
      const cancel = (options.clock ?? systemClock).after(ms, work.abort);
      await queue.idle();
      cancel();
    },
  };
}

interface Asked {
  readonly reply: Reply;
  /** Of the request. */
  readonly id: string;
  /** As whoever asked counts; counted here without. */
  readonly attempt: number | undefined;
  readonly isAbandoned: Posted["isAbandoned"];
}
interface Ran {
  readonly ended: Ended;
  /** It was aborted because this process ends. */
  readonly isStopped: boolean;
  /** Of what is to be retried: whether that is so whatever the attempt, or it is given up at this one; and why. */
  readonly failure: Ended;
}

/** Runs a function for a request, in the turn of its account, as the dispatcher does for a bus. */
function working(options: ResponderOptions, queue: KeyedQueue) {
  const { invoke, metrics, clock = systemClock, schedule } = options;
  const stopping = new AbortController();
  const attempts = new Attempts();
  const base = {
    execute: executeHere(invoke),
    clock,
    stop: stopping.signal,
    random: Math.random,
    timeLimitMs: options.timeLimitMs ?? 60_000,
  };

  const handle = async (fn: AccountFunction, delivery: HttpDelivery, id: string, waitedMs: number): Promise<Ran> => {
    let ending: Handled | undefined;
    const told = {
      ...noMetrics,
      handled(_: Run, handled: Handled) {
        ending = handled;
      },
    };
    await handleDelivery(fn, delivery, waitedMs, {
      ...base,
      bus: delivery,
      log: withId(options.log, id),
      metrics: tellAll([metrics, told]),
    });
    const failure = { outcome: ending?.outcome === "dead" ? "failed" : "retry", ...reasonOf(ending) } as const;
    return { ended: endedOf(ending, delivery), isStopped: ending?.trouble === "shutdown", failure };
  };

  return {
    abort: () => stopping.abort(new Error("stopping")),
    run(fn: AccountFunction, event: CloudEvent, { reply, id, attempt: told, isAbandoned }: Asked) {
      const { promise, resolve } = Promise.withResolvers<Ran>();
      const addedAt = clock.now();
      metrics.added(fn.name);
      const run = async () => {
        if (isAbandoned?.()) {
          // What has waited for its turn so long comes again: to do it twice would hold up the others even more.
          metrics.returned(fn.name);
          resolve({ ended: { outcome: "retry" }, isStopped: false, failure: { outcome: "retry" } });
          return;
        }
        const attempt = told ?? attempts.of(fn.name, event);
        const now = () => clock.now();
        const delivery = new HttpDelivery({ function: fn.name, event, attempt, reply, schedule, now });
        const ran = await handle(fn, delivery, id, clock.now() - addedAt);
        if (ran.ended.outcome === "retry") attempts.failed(fn.name, event);
        else attempts.ended(fn.name, event);
        resolve(ran);
      };
      queue.push({ key: orderKey(event), lane: fn.name, run });
      return promise;
    },
  };
}

function endedOf(ending: Handled | undefined, { isTerminal, requeueMs }: HttpDelivery): Ended {
  if (!ending || ending.outcome === "retry") return { outcome: "retry" };
  const { outcome } = ending;
  if (outcome === "dead") return isTerminal ? { outcome: "failed", ...reasonOf(ending) } : { outcome: "retry" };
  return { outcome, ...reasonOf(ending), ...(requeueMs !== undefined && { requeueMs }) };
}

const reasonOf = (ending: Handled | undefined) => (ending?.reason === undefined ? {} : { reason: ending.reason });

/** One outcome for all functions that took the event. */
function summary(runs: readonly Ran[]): Ended {
  const all = runs.map(({ ended }) => ended);
  const first = outcomes.flatMap((outcome) => all.filter((ended) => ended.outcome === outcome))[0];
  const waits = all.flatMap(({ requeueMs }) => (requeueMs === undefined ? [] : [requeueMs]));
  return { ...(first ?? { outcome: "drop" }), ...(waits.length > 0 && { requeueMs: Math.min(...waits) }) };
}

function functionsAt(path: string, functions: readonly AccountFunction[]): readonly AccountFunction[] | undefined {
  if (path === "/") return functions;
  const found = functions.filter(({ name }) => path === `/${name}`);
  return found.length > 0 ? found : undefined;
}

/** `undefined` unless it is said. */
function attemptOf(headers: Message["headers"]): number | undefined {
  const [, told] = [...headers].find(([name]) => name.toLowerCase() === attemptHeader) ?? [];
  return told !== undefined && /^[1-9]\d{0,8}$/.test(told) ? Number(told) : undefined;
}

function takesBatch(headers: Message["headers"]): boolean {
  return [...headers].some(([name, value]) => name.toLowerCase() === "accept" && value.includes(batchJson));
}

/** What goes wrong is found in the log by the id in the answer. */
function withId(log: Log, request: string): Log {
  return {
    debug: (fields, message) => log.debug(fields, message),
    info: (fields, message) => log.info(fields, message),
    warn: (fields, message) => log.warn({ ...fields, request }, message),
    error: (fields, message) => log.error({ ...fields, request }, message),
  };
}

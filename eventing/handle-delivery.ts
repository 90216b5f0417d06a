import { type AccountFunction, type Log, TerminalError } from "../shared/function.ts";
import { classify, messageOf } from "../shared/kcp/errors.ts";
import type { Bus, Delivery } from "./bus/bus.ts";
import type { Clock } from "./clock.ts";
import type { DispatchMetrics, Handled, Run } from "./dispatch-metrics.ts";
import { eventFields } from "./event-fields.ts";
import type { Execute } from "./execute.ts";
import { hopsOf, maxHops } from "./own-events.ts";
import { backoffMs, maxAttempts, maxUnsettled } from "./retry-policy.ts";
import { TimeLimitError, withinLimits } from "./time-limit.ts";

export interface Handling {
  /** Where facts go. */
  readonly bus: Pick<Bus, "publish">;
  readonly execute: Execute;
  readonly log: Log;
  readonly metrics: DispatchMetrics;
  readonly clock: Clock;
  /** From 0 to below 1. */
  readonly random: () => number;
  readonly timeLimitMs: number;
  /** Aborts invocations under way. */
  readonly stop: AbortSignal;
}

/** What is to become of the delivery. */
interface Verdict {
  readonly ending: Omit<Handled, "ms">;
  readonly error?: unknown;
  settle(): Promise<void>;
}

/** Invokes the function for one delivery and ends the delivery as the outcome says (spec/functions-and-events.md,
 *  section 5). Never rejects: what cannot even be settled comes again when the bus misses its end. */
export async function handleDelivery(fn: AccountFunction, delivery: Delivery, waitedMs: number, handling: Handling) {
  const { clock, metrics } = handling;
  const { event, attempt } = delivery;
  const run: Run = { function: fn.name, event, attempt, startedAt: clock.now(), waitedMs };
  metrics.started(run);
  let verdict = await attemptOnce(fn, delivery, handling).catch((error) => refuse(error, delivery, handling));
  try {
    await verdict.settle();
  } catch (error) {
    verdict = again(error, delivery, handling);
    await verdict.settle().catch(() => {});
  }
  const handled: Handled = { ...verdict.ending, ms: clock.now() - run.startedAt };
  metrics.handled(run, handled);
  writeLine(handling.log, run, handled, verdict.error);
}

async function attemptOnce(fn: AccountFunction, delivery: Delivery, handling: Handling): Promise<Verdict> {
  const { bus, clock, execute, log, stop, timeLimitMs } = handling;
  const { event, attempt } = delivery;
  if (attempt > maxUnsettled) throw new TerminalError(`delivered ${attempt} times and never ended`);
  if (hopsOf(event) > maxHops) throw new TerminalError(`a chain of ${hopsOf(event)} facts: functions wake each other`);
  return await withinLimits({ ms: timeLimitMs, stop, clock }, async (signal) => {
    const { result, facts } = await execute(fn, event, { now: () => clock.now(), signal, attempt, log });
    await Promise.all(facts.map((fact) => bus.publish(fact, signal)));
    const how = facts.length > 0 ? undefined : "unconfirmed";
    switch (result.kind) {
      case "done":
        return { ending: { outcome: "done" }, settle: () => delivery.ack(how) };
      case "waiting":
      case "drop":
        return { ending: { outcome: result.kind, reason: result.reason }, settle: () => delivery.ack(how) };
      case "requeue": {
        const { ms, reason } = result;
        if (!(ms >= 0 && Number.isFinite(ms))) throw new TypeError(`${fn.name} asked to be called again in ${ms} ms`);
        return { ending: { outcome: "requeue", reason, againInMs: ms }, settle: () => delivery.requeue(ms) };
      }
      case "failed":
        throw new TerminalError(result.reason);
      default:
        throw new TypeError(`${fn.name} returned no outcome that there is`);
    }
  });
}

function refuse(error: unknown, delivery: Delivery, handling: Handling): Verdict {
  if (handling.stop.aborted) {
    const ending = { outcome: "retry", trouble: "shutdown", reason: "stopping", againInMs: 0 } as const;
    return { ending, settle: () => delivery.retry(0) };
  }
  const terminal = error instanceof TerminalError;
  // A server that cannot be reached says nothing of the event.
  const unheard = ["unreachable", "retry"].includes(classify(error));
  if (!terminal && (unheard || delivery.attempt < maxAttempts)) return again(error, delivery, handling);
  const reason = messageOf(error);
  const failure = { code: terminal ? 422 : 500, reason };
  const ending = { outcome: "dead", trouble: terminal ? "terminal" : troubleOf(error), reason } as const;
  return { ending, error, settle: () => delivery.deadLetter(failure) };
}

function again(error: unknown, delivery: Delivery, { random }: Handling): Verdict {
  const againInMs = backoffMs(delivery.attempt, random());
  const ending = { outcome: "retry", trouble: troubleOf(error), reason: messageOf(error), againInMs } as const;
  return { ending, error, settle: () => delivery.retry(againInMs) };
}

const troubleOf = (error: unknown) => (error instanceof TimeLimitError ? "time limit" : "error");

/** The one line of each handled event (conventions, rule 14). */
function writeLine(log: Log, { function: name, event, attempt }: Run, handled: Handled, error: unknown): void {
  const { outcome, reason, againInMs, ms } = handled;
  const { trace, ...about } = eventFields(event);
  const fields = {
    function: name,
    ...about,
    outcome,
    ...(reason !== undefined && { reason }),
    ...(againInMs !== undefined && { againInMs }),
    ms,
    attempt,
    ...(trace !== undefined && { trace }),
  };
  if (outcome === "drop") log.debug(fields, "handled");
  else if (outcome === "dead") log.error({ ...fields, err: error }, "given up");
  else if (outcome === "retry")
    log.warn(error === undefined ? fields : { ...fields, err: error }, "failed, comes again");
  else log.info(fields, "handled");
}

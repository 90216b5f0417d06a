import type { CloudEvent } from "../../shared/event.ts";
import type { AccountFunction, Outcome } from "../../shared/function.ts";
import { createInvoke, type Invoke, type InvokeOptions } from "../../shared/invoke.ts";
import type { Metrics } from "../../shared/metrics.ts";
import type { Settings } from "../../shared/settings.ts";
import type { Records } from "../bus/archive.ts";
import type { RecordedResult, RecordedSettings } from "./invocation.ts";
import { recordedError } from "./recorded-error.ts";
import { Tape } from "./tape.ts";

export interface RecorderOptions {
  readonly records: Pick<Records, "append">;
  /** Of the product. */
  readonly version: string;
}

/** createInvoke, and each invocation is recorded when it ends, however it ends. */
export function recordInvocations(options: InvokeOptions, { records, version }: RecorderOptions): Invoke {
  const settings = recordedSettings(options.settings);
  return async (fn: AccountFunction, event: CloudEvent, ctx) => {
    const startedAt = new Date(ctx.now()).toISOString();
    const tape = new Tape(options.backend.forInvocation?.() ?? options.backend, event, ctx);
    const invoke = createInvoke({ ...options, backend: tape.backend });
    const keep = (result: RecordedResult) => {
      const { asked, clock, objects, reads, services, writes, elapsed: ms } = tape;
      const outside = services.length > 0 && { services, asked };
      const told = { function: fn.name, version, event, attempt: ctx.attempt, startedAt, ms, settings };
      records.append({ ...told, clock, objects, reads, writes, ...outside, result });
    };
    let outcome: Outcome;
    try {
      outcome = await invoke(fn, event, tape.ctx);
    } catch (error) {
      keep({ outcome: "error", error: recordedError(error) });
      throw error;
    }
    keep(recordedResult(outcome));
    return outcome;
  };
}

/** Tells the metrics what was lost, when they are asked. */
export function countLost({ events }: Metrics, records: Pick<Records, "lost">): void {
  const { recordingsLost } = events;
  const collect = () => {
    recordingsLost.reset();
    recordingsLost.inc(records.lost);
  };
  Object.assign(recordingsLost, { collect });
}

/** What a recording says of an outcome; states and notices are seen in what was written. */
export function recordedResult(outcome: Outcome): RecordedResult {
  const { kind, events } = outcome;
  switch (outcome.kind) {
    case "waiting":
      return { outcome: outcome.kind, reason: outcome.reason, ref: outcome.ref, events };
    case "requeue":
      return { outcome: outcome.kind, reason: outcome.reason, ms: outcome.ms, events };
    case "drop":
      return { outcome: outcome.kind, reason: outcome.reason, events };
    default:
      return { outcome: kind, events };
  }
}

const recordedSettings = ({ disabledSteps, ...settings }: Settings): RecordedSettings => ({
  ...settings,
  disabledSteps: [...disabledSteps],
});

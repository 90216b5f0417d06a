import { exportReader } from "../../eventing/export-backend.ts";
import { completeEvents } from "../../eventing/own-events.ts";
import { DryRunEnd, dryOutside } from "../../eventing/recording/dry-outside.ts";
import { type DryWrite, dryRun } from "../../eventing/recording/dry-run.ts";
import type { RecordedAsk, RecordedRead, RecordedWrite } from "../../eventing/recording/invocation.ts";
import { redact } from "../../eventing/recording/redact.ts";
import { Tape } from "../../eventing/recording/tape.ts";
import { restBackend } from "../../eventing/rest-backend.ts";
import { steps } from "../../functions/index.ts";
import type { CloudEvent } from "../../shared/event.ts";
import type { AccountFunction, Log, Outcome, Result } from "../../shared/function.ts";
import { createInvoke } from "../../shared/invoke.ts";
import type { Client } from "../../shared/kcp/rest.ts";
import type { Outside } from "../../shared/outside.ts";
import type { Settings } from "../../shared/settings.ts";

export interface Here {
  readonly client: Client;
  readonly settings: Settings;
  /** Where security is on. */
  readonly outside?: Outside | undefined;
  /** Keeps the writes from the servers. */
  readonly dryRun: boolean;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly now: () => number;
}
/** What one invocation read, wrote and answered. */
export interface Invoked {
  readonly function: string;
  readonly event: CloudEvent;
  readonly dryRun: boolean;
  readonly result:
    | Result
    | { readonly kind: "failed"; readonly error: unknown }
    | { readonly kind: "open"; readonly reason: string };
  /** What a runner would publish. */
  readonly events: readonly CloudEvent[];
  readonly reads: readonly RecordedRead[];
  readonly writes: readonly Written[];
  /** Calls to what is outside of the watched objects. */
  readonly asked: readonly RecordedAsk[];
  readonly ms: number;
}
/** A dry run knows the object on both sides of the write. */
export type Written = RecordedWrite & Partial<Pick<DryWrite, "before" | "after">>;

/** Runs a function here for one event, as a first delivery. Never rejects: what the handler throws is the result. */
export async function runHere(fn: AccountFunction, event: CloudEvent, here: Here): Promise<Invoked> {
  const { client, settings, log, signal, now } = here;
  const outside = here.outside && (here.dryRun ? dryOutside(here.outside) : here.outside);
  const dry = here.dryRun ? dryRun(client, now) : undefined;
  const backend = dry?.backend ?? restBackend(client);
  const shown = { ...backend, reader: exportReader(client, backend.reader), ...(outside && { outside }) };
  const tape = new Tape(shown, event, { now, signal, attempt: 1, log });
  const invoke = createInvoke({ backend: tape.backend, settings, steps });
  const ended = (result: Invoked["result"], events: readonly CloudEvent[]): Invoked => ({
    function: fn.name,
    event,
    dryRun: here.dryRun,
    result,
    events,
    reads: tape.reads,
    // Secrets are written, and asked for: nobody has to see them.
    writes: redact(dry ? withSides(tape.writes, dry.writes) : tape.writes),
    asked: redact(tape.asked),
    ms: tape.elapsed,
  });
  try {
    const outcome = await invoke(fn, event, tape.ctx);
    return ended(resultOf(outcome), completeEvents(outcome.events, { cause: event, function: fn.name, now: now() }));
  } catch (error) {
    if (error instanceof DryRunEnd) return ended({ kind: "open", reason: error.message }, []);
    return ended({ kind: "failed", error }, []);
  }
}

/** The outcome without its events, and without what builds it. */
function resultOf(outcome: Outcome): Result {
  switch (outcome.kind) {
    case "waiting":
      return { kind: outcome.kind, reason: outcome.reason, ref: outcome.ref };
    case "requeue":
      return { kind: outcome.kind, reason: outcome.reason, ms: outcome.ms };
    case "drop":
      return { kind: outcome.kind, reason: outcome.reason };
    default:
      return { kind: outcome.kind };
  }
}

/** The dry run knows of the writes that it did not refuse. */
function withSides(writes: readonly RecordedWrite[], dry: readonly DryWrite[]): readonly Written[] {
  const taken = dry.values();
  return writes.map((write) => {
    const { before, after } = (write.error ? undefined : taken.next().value) ?? {};
    return { ...write, ...(before && { before }), ...(after && { after }) };
  });
}

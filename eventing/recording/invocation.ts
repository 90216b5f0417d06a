import { z } from "zod";
import type { CloudEvent } from "../../shared/event.ts";
import type { ObjectRef, OwnEvent } from "../../shared/function.ts";
import type { Target } from "../../shared/kcp/client.ts";
import type { Kind, Resource } from "../../shared/kcp/kinds.ts";
import type { KubeObject } from "../../shared/kcp/objects.ts";
import type { Service } from "../../shared/outside.ts";
import type { Settings } from "../../shared/settings.ts";
import { redactedJson } from "./redact.ts";

/** What one function did with one event: everything that it was told and read, and everything that it wrote and
 *  answered, so that the same handler can be run again on the same world. Secrets are taken out before it is stored. */
export interface Invocation {
  readonly function: string;
  /** Version of the product that ran it. */
  readonly version: string;
  readonly event: CloudEvent;
  /** 1 on the first delivery. */
  readonly attempt: number;
  /** RFC 3339. */
  readonly startedAt: string;
  /** Milliseconds from the start to the result. */
  readonly ms: number;
  readonly settings: RecordedSettings;
  /** Every answer that the clock gave, in order. */
  readonly clock: readonly RecordedTime[];
  /** What was read and answered, each state of an object once. */
  readonly objects: readonly KubeObject[];
  readonly reads: readonly RecordedRead[];
  readonly writes: readonly RecordedWrite[];
  /** What there was to ask besides kcp's watched objects, where security is on. */
  readonly services?: readonly Service[];
  /** What was asked of them. */
  readonly asked?: readonly RecordedAsk[];
  readonly result: RecordedResult;
}

/** Settings as JSON. */
export type RecordedSettings = Omit<Settings, "disabledSteps"> & { readonly disabledSteps: readonly string[] };

/** An object by its position in `objects`; `event` when it is the event's own data. */
export type ObjectAt = number | "event";

interface InTurn {
  /** How many writes and refreshes had ended before: between two of them what a function sees stands still. */
  readonly turn: number;
}
export interface RecordedTime extends InTurn {
  /** Milliseconds since the epoch. */
  readonly now: number;
}
interface RecordedCall extends InTurn {
  /** Milliseconds after the start of the invocation. */
  readonly at: number;
  readonly ms: number;
  readonly error?: RecordedError;
}
/** `get` answers one object or none, `list` those of a cluster; `refresh` only brings the next reads up to date. */
export type RecordedRead = RecordedCall & {
  readonly kind: Kind;
  readonly cluster: string;
  /** How often it was read in this turn with the same answer. */
  readonly times: number;
} & (
    | { readonly verb: "get"; readonly name: string; readonly answer?: ObjectAt }
    | { readonly verb: "list"; readonly answer?: readonly ObjectAt[] }
    | { readonly verb: "refresh"; readonly name: string }
  );
export interface RecordedWrite extends RecordedCall {
  readonly verb: "create" | "mergePatch" | "apply" | "delete";
  readonly resource: Resource;
  readonly target: Target;
  /** The object or patch that was sent; the preconditions of a delete. */
  readonly body?: object;
  readonly answer?: ObjectAt;
}

/** One call to the outside (shared/outside.ts). It is a turn of its own: what is read after it may be new. */
export interface RecordedAsk extends RecordedCall {
  readonly service: Service;
  readonly method: string;
  readonly args: unknown;
  readonly answer?: unknown;
}

export type RecordedResult =
  | {
      readonly outcome: "done" | "waiting" | "requeue" | "drop";
      readonly reason?: string;
      readonly ref?: ObjectRef;
      /** Of a requeue, in milliseconds. */
      readonly ms?: number;
      readonly events: readonly OwnEvent[];
    }
  | { readonly outcome: "error"; readonly error: RecordedError };
export interface RecordedError {
  readonly name: string;
  readonly message: string;
  /** Of the server's Status object. */
  readonly code?: number;
  readonly reason?: string;
  /** Of an FgaError or IdentityError. */
  readonly problem?: string;
  /** The invocation had been told to stop. */
  readonly aborted?: true;
}

// Recordings come from our own stores; what is checked is that it is one, and those parts that commands select by.
const codec = z.looseObject({
  function: z.string(),
  version: z.string(),
  event: z.looseObject({ id: z.string(), type: z.string(), source: z.string() }),
  attempt: z.number(),
  startedAt: z.iso.datetime(),
  ms: z.number(),
  clock: z.array(z.looseObject({ turn: z.number(), now: z.number() })),
  objects: z.array(z.unknown()),
  reads: z.array(z.looseObject({ verb: z.string(), kind: z.string(), cluster: z.string() })),
  writes: z.array(z.looseObject({ verb: z.string(), target: z.looseObject({ name: z.string() }) })),
  result: z.looseObject({ outcome: z.string() }),
});

/** JSON without secrets, UTF-8. */
export const encodeInvocation = (invocation: Invocation): Uint8Array =>
  new TextEncoder().encode(redactedJson(invocation));

/** Throws when the bytes are no invocation. */
export const decodeInvocation = (body: Uint8Array): Invocation =>
  codec.parse(JSON.parse(new TextDecoder().decode(body))) as unknown as Invocation;

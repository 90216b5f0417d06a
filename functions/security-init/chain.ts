import { isDeepStrictEqual } from "node:util";
import { timestamp } from "../../shared/conditions.ts";
import { type CloudEvent, fact } from "../../shared/event.ts";
import { type Fga, FgaError } from "../../shared/fga/fga.ts";
import {
  type Ctx,
  done,
  drop,
  type ObjectRef,
  type Outcome,
  type OwnEvent,
  requeue,
  waiting,
} from "../../shared/function.ts";
import { IdentityError, type IdentityProvider } from "../../shared/identity/identity.ts";
import { classify, messageOf } from "../../shared/kcp/errors.ts";
import type { AccountInfo, SecurityRecord, SecurityStepRecord } from "../../shared/kcp/objects.ts";
import { condition } from "../../shared/names.ts";
import type { Clusters } from "../../shared/outside.ts";
import type { SecuritySettings } from "../../shared/settings.ts";
import type { World } from "../../shared/world.ts";
import type { KcpWrites } from "./kcp-writes.ts";
import { stateOf } from "./step.ts";

/** What the parts of security-init work with: an account, and the servers that they bring in line with it. */
export interface Chain {
  readonly world: World;
  readonly settings: SecuritySettings;
  readonly info: AccountInfo;
  /** Cluster id of the account's own workspace. */
  readonly cluster: string;
  readonly creator: string;
  readonly fga: Fga | undefined;
  readonly identity: IdentityProvider | undefined;
  readonly clusters: Clusters;
  readonly kcp: KcpWrites;
  readonly ctx: Ctx;
  readonly event: CloudEvent;
  /** What was put down by the run before. */
  readonly before: SecurityRecord | undefined;
  /** Client ids by the names of the clients, as far as they are known in this run. */
  clientIds: Readonly<Record<string, string>>;
  /** What was known before, and what the parts add to it. */
  record: Omit<SecurityRecord, "steps" | "retryAt" | "cause">;
  /** Who was granted what, and what was changed, for the audit. */
  readonly audits: OwnEvent[];
}

/** How a part ended. */
export type Ended =
  | { readonly state: "Done"; readonly message?: string }
  | { readonly state: "Skipped"; readonly message: string }
  | { readonly state: "Waiting"; readonly message: string; readonly ref: ObjectRef }
  | { readonly state: "Failed"; readonly message: string };

/** One part of what secures an account, as `status.security.steps` names it. Each can be run again at any time. */
export interface Part {
  readonly name: string;
  run(chain: Chain): Promise<Ended>;
}

export const ended: Ended = { state: "Done" };
export const skippedPart = (message: string): Ended => ({ state: "Skipped", message });
export const failedPart = (message: string): Ended => ({ state: "Failed", message });

/** Longest time between two tries, in milliseconds. */
const longestDelayMs = 60_000;

/** Runs the parts in order until one is not done; what became of each is put down in the status. */
export async function runParts(parts: readonly Part[], chain: Chain): Promise<Outcome> {
  const steps: SecurityStepRecord[] = [];
  let stop: { readonly ended: Ended | Trouble; readonly step: SecurityStepRecord } | undefined;
  for (const part of parts) {
    const end = await attempt(part, chain);
    const step = recorded(chain, part.name, end);
    steps.push(step);
    if (end.state === "Done" || end.state === "Skipped") continue;
    stop = { ended: end, step };
    break;
  }
  const ms = stop?.ended.state === "Retrying" ? delayMs(stop.step) : undefined;
  const retryAt = ms === undefined ? {} : { retryAt: new Date(chain.ctx.now() + ms).toISOString() };
  const security = withCause({ ...chain.record, ...retryAt, steps }, chain);
  const outcome = stop ? stopped(stop.ended, stop.step, ms) : done({ type: fact.secured });
  const told = outcome.securing(security).with(condition.security, stateOf(security, chain.cluster));
  return chain.audits.reduce((all, event) => all.emitting(event), told);
}

/** A run that found nothing new puts nothing down. */
function withCause(next: SecurityRecord, { before, event }: Chain): SecurityRecord {
  const { cause, ...known } = before ?? { steps: [] };
  return isDeepStrictEqual(next, known) && cause !== undefined ? { ...next, cause } : { ...next, cause: event.id };
}

/** The handling of this very event was cut off before all was told. */
export const isToldAgain = ({ before, event, ctx }: Pick<Chain, "before" | "event" | "ctx">): boolean =>
  before?.cause === event.id && ctx.attempt > 1;

export const stepBefore = ({ before }: Chain, name: string): SecurityStepRecord | undefined =>
  before?.steps.find((step) => step.name === name);

const delayMs = ({ attempts }: SecurityStepRecord): number =>
  Math.min(longestDelayMs, 500 * 2 ** Math.min(attempts, 10));

/** Somebody else's event while a retry is under way must not begin a second row of them. */
export function isRetryScheduled(record: SecurityRecord | undefined, now: number): boolean {
  return record?.retryAt !== undefined && now + earlyMs < Date.parse(record.retryAt);
}
/** How much earlier than asked for a bus may bring an event again, in milliseconds. */
const earlyMs = 250;

/** An error that may pass by itself. */
interface Trouble {
  readonly state: "Retrying";
  readonly message: string;
}

async function attempt(part: Part, chain: Chain): Promise<Ended | Trouble> {
  try {
    return await part.run(chain);
  } catch (error) {
    if (chain.ctx.signal.aborted) throw error;
    return troubleOf(error);
  }
}

/** Throws what is no server's refusal: StaleError is decided anew, and a bug is the dispatcher's. */
export function troubleOf(error: unknown): Ended | Trouble {
  const message = messageOf(error);
  if (error instanceof FgaError) return { state: error.problem === "refused" ? "Failed" : "Retrying", message };
  if (error instanceof IdentityError)
    return { state: error.problem === "unavailable" ? "Retrying" : "Failed", message };
  const kcp = classify(error);
  if (kcp === "other") throw error;
  return { state: kcp === "invalid" ? "Failed" : "Retrying", message };
}

function recorded(chain: Chain, name: string, end: Ended | Trouble): SecurityStepRecord {
  const before = stepBefore(chain, name);
  const { state, message = "" } = end;
  // What will not change by itself is found again by every look at it, and no news.
  const isKnown = state === "Failed" && before?.state === state && before.message === message;
  const isFailure = state === "Retrying" || state === "Failed";
  return {
    name,
    state,
    attempts: isFailure ? (before?.attempts ?? 0) + (isKnown ? 0 : 1) : 0,
    lastTransitionTime: before?.state === state ? before.lastTransitionTime : timestamp(chain.ctx.now()),
    message,
  };
}

/** A server that is away is waited for without an end, ever more patiently, so that no event of it goes to the dead
 *  letters; nothing of kcp would wake the function. */
function stopped(end: Ended | Trouble, { name, message }: SecurityStepRecord, ms: number | undefined): Outcome {
  const reason = `${name}: ${message}`;
  if (end.state === "Waiting") return waiting(reason, end.ref);
  return ms === undefined ? drop(reason) : requeue(ms, reason);
}

import { setTimeout as delay } from "node:timers/promises";
import type { Log } from "../shared/function.ts";
import { ApiError } from "../shared/kcp/client.ts";
import type { Resource } from "../shared/kcp/kinds.ts";
import type { KubeObject } from "../shared/kcp/objects.ts";
import type { Client } from "../shared/kcp/rest.ts";

export const leases: Resource = { group: "coordination.k8s.io", version: "v1", plural: "leases" };
/** The reference operator's: the two stand by for each other (features.md 002-C32). */
export const leaseName = "8c290d9a.platform-mesh.io";
const namespace = "default";

/** Milliseconds, as in client-go: a holder gives up `renewDeadline` after its last renewal, others take over only
 *  `leaseDuration` after it, so that at no moment two work. */
const defaults = { leaseDuration: 15_000, renewDeadline: 10_000, retryPeriod: 2_000 };

export interface Lease extends KubeObject {
  readonly spec?: {
    readonly holderIdentity?: string;
    readonly leaseDurationSeconds?: number;
    readonly acquireTime?: string;
    readonly renewTime?: string;
    readonly leaseTransitions?: number;
  };
}

export interface ElectionOptions {
  readonly client: Pick<Client, "read" | "create" | "mergePatch">;
  /** Workspace of the Lease. */
  readonly workspace: string;
  /** Unique to this process. */
  readonly identity: string;
  readonly log: Log;
  readonly now?: () => number;
  readonly timing?: typeof defaults;
}

/** One time as leader. */
export interface Term {
  /** Aborted as soon as the Lease is lost. */
  readonly lost: AbortSignal;
  /** Ends the term and lets a standby take over at once. */
  release(): Promise<void>;
}

/** Stands by until the Lease is ours. Every write carries the resourceVersion last seen: of two that try, one wins. */
export async function becomeLeader(options: ElectionOptions, signal: AbortSignal): Promise<Term> {
  const { log, identity, timing = defaults, now = Date.now } = options;
  let seen: { version: string; at: number } | undefined;
  for (;;) {
    try {
      const lease = await options.client.read<Lease>(leases, target(options), { signal });
      const version = lease?.metadata.resourceVersion ?? "";
      // Expiry is measured from when this process saw the last renewal: clocks of hosts may differ.
      if (!seen || seen.version !== version) seen = { version, at: now() };
      const holder = lease?.spec?.holderIdentity;
      const term = (lease?.spec?.leaseDurationSeconds ?? 0) * 1000;
      if (!holder || holder === identity || now() >= seen.at + term) {
        const asked = now();
        const limit = AbortSignal.any([signal, AbortSignal.timeout(timing.renewDeadline)]);
        return hold(options, await take(options, lease, limit), asked);
      }
      log.debug({ holder }, "standing by: another instance leads");
    } catch (error) {
      signal.throwIfAborted();
      log.warn({ err: error }, "trying to become leader failed, will be tried again");
    }
    await delay(timing.retryPeriod, undefined, { signal });
  }
}

function take(options: ElectionOptions, lease: Lease | undefined, signal: AbortSignal): Promise<Lease> {
  const { client, identity, workspace, timing = defaults, now = Date.now } = options;
  const time = microTime(now());
  const spec = {
    holderIdentity: identity,
    leaseDurationSeconds: Math.ceil(timing.leaseDuration / 1000),
    acquireTime: time,
    renewTime: time,
    leaseTransitions: (lease?.spec?.leaseTransitions ?? -1) + 1,
  };
  if (lease) return patch(options, lease, spec, signal);
  const object = {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { name: leaseName, namespace },
    spec,
  };
  return client.create<Lease>(leases, workspace, object, { signal });
}

/** The term of a Lease that was asked for at `asked`, in milliseconds since the epoch. */
function hold(options: ElectionOptions, taken: Lease, asked: number): Term {
  const { log, timing = defaults, now = Date.now } = options;
  const lost = new AbortController();
  const ended = new AbortController();
  let lease = taken;

  const renewals = (async () => {
    for (let renewed = asked; ; ) {
      const left = renewed + timing.renewDeadline - now();
      if (left <= 0) throw new Error("could not be renewed in time");
      await delay(Math.min(timing.retryPeriod, left), undefined, { signal: ended.signal });
      const began = now();
      try {
        const limit = AbortSignal.any([ended.signal, AbortSignal.timeout(timing.retryPeriod)]);
        lease = await renew(options, lease, limit);
        renewed = began;
      } catch (error) {
        if (error instanceof TakenError || ended.signal.aborted) throw error;
        log.warn({ err: error }, "renewing the leader's Lease failed, will be tried again");
      }
    }
  })();
  renewals.catch((cause: unknown) => {
    if (!ended.signal.aborted) lost.abort(new Error("this instance no longer leads", { cause }));
  });

  return {
    lost: lost.signal,
    async release() {
      ended.abort();
      await renewals.catch(() => {});
      if (lost.signal.aborted) return;
      await patch(options, lease, { holderIdentity: "", leaseDurationSeconds: 1 }, AbortSignal.timeout(5_000)).catch(
        (error) =>
          log.warn({ err: error }, "the leader's Lease could not be released: a standby takes over when it expires"),
      );
    },
  };
}

class TakenError extends Error {
  override name = "TakenError";
}

async function renew(options: ElectionOptions, lease: Lease, signal: AbortSignal): Promise<Lease> {
  const { now = Date.now, identity } = options;
  try {
    return await patch(options, lease, { renewTime: microTime(now()) }, signal);
  } catch (error) {
    if (!(error instanceof ApiError && (error.reason === "Conflict" || error.reason === "NotFound"))) throw error;
    // Somebody wrote the Lease, or an answer to us was lost: fine as long as we are still named in it.
    const present = await options.client.read<Lease>(leases, target(options), { signal });
    if (present?.spec?.holderIdentity === identity) return present;
    throw new TakenError(`taken by ${present?.spec?.holderIdentity || "nobody"}`, { cause: error });
  }
}

function patch(options: ElectionOptions, lease: Lease, spec: Lease["spec"], signal: AbortSignal): Promise<Lease> {
  const { resourceVersion } = lease.metadata;
  return options.client.mergePatch<Lease>(leases, target(options), { metadata: { resourceVersion }, spec }, { signal });
}

const target = ({ workspace }: ElectionOptions) => ({ cluster: workspace, namespace, name: leaseName });
/** metav1.MicroTime. */
const microTime = (ms: number) => new Date(ms).toISOString().replace("Z", "000Z");

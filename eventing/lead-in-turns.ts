import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { Log } from "../shared/function.ts";
import type { Client } from "../shared/kcp/rest.ts";
import type { Metrics } from "../shared/metrics.ts";
import { becomeLeader, leaseName } from "./leader.ts";

export interface TurnOptions {
  readonly client: Client;
  /** Workspace of the Lease. */
  readonly workspace: string;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Told whenever this instance begins to stand by. */
  standsBy(): void;
}

/** Stands by, leads and, when it lost the Lease, stands by again. `work` works until `end` is aborted, or breaks; `lost` is
 *  aborted when another instance may lead. */
export async function leadInTurns(
  { client, workspace, log, metrics, standsBy }: TurnOptions,
  work: (end: AbortSignal, lost: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const identity = `${hostname()}_${randomUUID()}`;
  const leads = (value: 0 | 1) => metrics.process.leader.set({ name: leaseName }, value);
  while (!signal.aborted) {
    leads(0);
    standsBy();
    log.info({ identity }, "standing by until this instance leads");
    const term = await becomeLeader({ client, workspace, identity, log }, signal).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
    if (!term) return;
    leads(1);
    log.info({ identity }, "this instance leads");
    try {
      await work(AbortSignal.any([signal, term.lost]), term.lost);
    } finally {
      // Also when the work broke: the Lease must not be renewed by one who does not work.
      await term.release();
      leads(0);
    }
  }
}

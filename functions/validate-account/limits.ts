import type { Policy } from "./index.ts";

export interface Limits {
  /** Levels of accounts, of which an org is the first. */
  readonly depth: number | undefined;
  /** Accounts in one workspace below the orgs'. */
  readonly children: number | undefined;
}

/** The limits as policies; `accountsIn` counts the Accounts of a logical cluster. Two Accounts that are created at the
 *  same moment may both be the last. */
export function limitPolicies(limits: Limits, accountsIn: (cluster: string) => Promise<number>): readonly Policy[] {
  const { depth: deepest, children: most } = limits;
  const policies: Policy[] = [];
  if (deepest !== undefined) {
    policies.push(async ({ depth, path }) =>
      depth > deepest
        ? `${path} is at level ${depth - 1}, and accounts may have ${deepest} levels: create it further up`
        : undefined,
    );
  }
  if (most !== undefined) {
    policies.push(async ({ cluster, path, depth }) => {
      const present = depth > 1 ? await accountsIn(cluster) : 0;
      if (present < most) return undefined;
      return `${path} holds ${present} accounts, and may hold ${most}: delete one, or create it elsewhere`;
    });
  }
  return policies;
}

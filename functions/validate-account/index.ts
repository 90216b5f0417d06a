import { placementProblem } from "../../shared/naming.ts";
import type { Review, ReviewedAccount, Verdict } from "./review.ts";
import { type AdmissionSettings, refusedChange, refusedContent } from "./rules.ts";

/** What validate-account has to know of kcp. */
export interface Deps {
  readonly settings: AdmissionSettings;
  /** Path of a logical cluster. Throws when it cannot be had now. */
  pathOf(cluster: string): Promise<string>;
  /** Further limits, by depth or number of children for example; answers why a new Account is refused. */
  readonly policies: readonly Policy[];
}
export type Policy = (place: Place) => Promise<string | undefined>;
/** Where a new Account would be. */
export interface Place {
  readonly account: ReviewedAccount;
  readonly cluster: string;
  /** Of the workspace that would hold it. */
  readonly path: string;
  /** 1 for an org, 2 for the accounts in it, and so on. */
  readonly depth: number;
}

/** Writes down who created the Account (001-F05, 002-F21). */
export function mutateAccount({ operation, account, username }: Review): Verdict {
  if (operation !== "CREATE" || !account?.type || account.creator !== "" || username === "") return {};
  return { patch: [{ op: "add", path: "/spec/creator", value: username }] };
}

/** Refuses what could never become a workspace, or would be in the wrong place (002-F20, F22, F23). */
export async function validateAccount(review: Review, deps: Deps): Promise<Verdict> {
  const { operation, account, stored } = review;
  if (!account || account.isDeleting) return {};
  if (operation === "UPDATE" && stored) {
    return verdict(refusedChange(account, stored, review, deps.settings));
  }
  if (operation !== "CREATE") return {};
  const refusal = refusedContent(account, review, deps.settings);
  return refusal === undefined ? byPlace(account, deps) : verdict(refusal);
}

async function byPlace(account: ReviewedAccount, deps: Deps): Promise<Verdict> {
  const { cluster } = account;
  const path = cluster && (await deps.pathOf(cluster).catch(() => undefined));
  if (!cluster || !path) {
    // The steps ask the same, so that an outage of a read is no outage of all writes.
    return {
      warnings: [`whether an Account may be in this workspace was not checked: ${cluster ?? "it"} has no path yet`],
    };
  }
  const refusal = placementProblem(account.type, path, deps.settings);
  if (refusal !== undefined) return verdict(refusal);
  const depth = segments(path) - segments(deps.settings.orgsPath) + 1;
  for (const policy of deps.policies) {
    const reason = await policy({ account, cluster, path, depth });
    if (reason !== undefined) return verdict(reason);
  }
  return {};
}

const verdict = (refusal: string | undefined): Verdict => (refusal === undefined ? {} : { refusal });
const segments = (path: string): number => path.split(":").length;

import type { AccountFunction } from "../shared/function.ts";
import createWorkspace from "./create-workspace/index.ts";
import manageAccountInfo from "./manage-accountinfo/index.ts";
import manageMembership from "./manage-membership/index.ts";
import nudgeWorkspace from "./nudge-workspace/index.ts";
import relayLineage from "./relay-lineage/index.ts";
import releaseAccountInfo from "./release-accountinfo/index.ts";
import removeWorkspace from "./remove-workspace/index.ts";
import securityInit from "./security-init/index.ts";
import workspaceReady from "./workspace-ready/index.ts";

/** Every function of the product. */
export const functions: readonly AccountFunction[] = [
  createWorkspace,
  manageAccountInfo,
  securityInit,
  workspaceReady,
  relayLineage,
  removeWorkspace,
  releaseAccountInfo,
  nudgeWorkspace,
  manageMembership,
];

export { steps } from "./steps.ts";

/** The functions that kcp asks by reviews: no broker brings them events, and they are served over TLS (decisions.md 40). */
export const webhooks: readonly string[] = ["validate-account", "authorize"];

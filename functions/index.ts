import type { AccountFunction } from "../shared/function.ts";
import { securityOff } from "../shared/status.ts";
import type { Step } from "../shared/step.ts";
import createWorkspace from "./create-workspace/index.ts";
import { workspaceStep } from "./create-workspace/workspace.ts";
import { workspaceTypeStep } from "./create-workspace/workspace-types.ts";
import manageAccountInfo from "./manage-accountinfo/index.ts";
import { infoStep } from "./manage-accountinfo/info.ts";
import manageMembership from "./manage-membership/index.ts";
import nudgeWorkspace from "./nudge-workspace/index.ts";
import relayLineage from "./relay-lineage/index.ts";
import releaseAccountInfo from "./release-accountinfo/index.ts";
import removeWorkspace from "./remove-workspace/index.ts";
import workspaceReady, { readyStep } from "./workspace-ready/index.ts";

/** Every function of the product. */
export const functions: readonly AccountFunction[] = [
  createWorkspace,
  manageAccountInfo,
  workspaceReady,
  relayLineage,
  removeWorkspace,
  releaseAccountInfo,
  nudgeWorkspace,
  manageMembership,
];

/** The conditions of an Account in the order of its chain (spec/accounts.md, section 2). */
export const steps: readonly Step[] = [workspaceTypeStep, workspaceStep, infoStep, securityOff, readyStep];

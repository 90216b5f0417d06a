import type { AccountFunction } from "../shared/function.ts";
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
import securityInit from "./security-init/index.ts";
import { securityStep } from "./security-init/step.ts";
import workspaceReady, { readyStep } from "./workspace-ready/index.ts";

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

/** The conditions of an Account in the order of its chain (spec/accounts.md, section 2). */
export const steps: readonly Step[] = [workspaceTypeStep, workspaceStep, infoStep, securityStep, readyStep];

import type { Step } from "../shared/step.ts";
import { workspaceStep } from "./create-workspace/workspace.ts";
import { workspaceTypeStep } from "./create-workspace/workspace-types.ts";
import { infoStep } from "./manage-accountinfo/info.ts";
import { securityStep } from "./security-init/step.ts";
import { readyStep } from "./workspace-ready/step.ts";

/** The conditions of an Account in the order of its chain (spec/accounts.md, section 2): apart from the functions, of which
 *  a bundle has one. */
export const steps: readonly Step[] = [workspaceTypeStep, workspaceStep, infoStep, securityStep, readyStep];

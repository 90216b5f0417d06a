import { adminChecks } from "./admin-checks.ts";
import type { Check } from "./check.ts";
import { exportChecks } from "./export-checks.ts";
import { identityChecks } from "./identity-checks.ts";
import { securityChecks } from "./security-checks.ts";
import { workspaceChecks } from "./workspace-checks.ts";

/** All checks that write nothing, in the order in which trouble should be mended. */
export const checks: readonly Check[] = [
  ...identityChecks,
  ...exportChecks,
  ...workspaceChecks,
  ...securityChecks,
  ...adminChecks,
];

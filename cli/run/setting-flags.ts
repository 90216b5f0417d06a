import { condition } from "../../shared/names.ts";
import { defaultSettings, type Settings } from "../../shared/settings.ts";
import type { Options, Values } from "../command.ts";

/** What an installation refuses, whoever does it. */
export const ruleFlags = {
  "webhooks-deny-list": { type: "string", default: "", description: "org names that nobody may take, by comma" },
  "webhooks-additional-account-types": {
    type: "string[]",
    description: "allowed account types besides org and account",
  },
} as const satisfies Options;

/** Who may act for others; asked at admission alone. */
export const creatorFlags = {
  "creator-admin-group": {
    type: "string",
    description: "group whose members may name another creator than themselves",
  },
} as const satisfies Options;

/** What an installation chooses about the steps: the same wherever a function runs. */
export const settingFlags = {
  ...ruleFlags,
  "subroutines-workspace-type-enabled": { type: "boolean", default: true, description: "step WorkspaceTypeSubroutine" },
  "subroutines-workspace-enabled": { type: "boolean", default: true, description: "step WorkspaceSubroutine" },
  "subroutines-workspace-ready-enabled": {
    type: "boolean",
    default: true,
    description: "step WorkspaceReadySubroutine",
  },
  "subroutines-account-info-enabled": {
    type: "boolean",
    default: true,
    description: "step ManageAccountInfoSubroutine",
  },
  "debug-label-value": {
    type: "string",
    default: "",
    description: "handle only Accounts whose label debug.platform-mesh.io has this value",
  },
} as const satisfies Options;
type Flags = Values<typeof settingFlags>;

export function settingsOf(flags: Flags): Omit<Settings, "serverCa"> {
  const { serverCa: _ofTheKubeconfig, ...defaults } = defaultSettings;
  return {
    ...defaults,
    ...rulesOf(flags),
    disabledSteps: disabledSteps(flags),
    debugLabelValue: flags["debug-label-value"],
  };
}

export function rulesOf(flags: Values<typeof ruleFlags>): Pick<Settings, "additionalAccountTypes" | "deniedOrgNames"> {
  return {
    additionalAccountTypes: flags["webhooks-additional-account-types"],
    deniedOrgNames: commaList(flags["webhooks-deny-list"]),
  };
}

function disabledSteps(flags: Flags): ReadonlySet<string> {
  const enabled: readonly (readonly [string, boolean])[] = [
    [condition.workspaceType, flags["subroutines-workspace-type-enabled"]],
    [condition.workspace, flags["subroutines-workspace-enabled"]],
    [condition.info, flags["subroutines-account-info-enabled"]],
    [condition.workspaceReady, flags["subroutines-workspace-ready-enabled"]],
  ];
  return new Set(enabled.filter(([, on]) => !on).map(([name]) => name));
}

const commaList = (text: string): string[] =>
  text
    .split(",")
    .map((part) => part.trim())
    .filter(Boolean);

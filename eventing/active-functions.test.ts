import { describe, expect, test } from "vitest";
import { defaultSettings, type SecuritySettings } from "../shared/settings.ts";
import { activeFunctions, watchedKinds } from "./active-functions.ts";

const names = (disabled: readonly string[], security?: SecuritySettings) =>
  activeFunctions({
    settings: { ...defaultSettings, ...(security && { security }) },
    disabledFunctions: new Set(disabled),
  });
const on = { marker: "root:security" } as SecuritySettings;

describe("what works and what is watched", () => {
  test("decisions 8: without security the six core kinds, and none that an export without memberships lacks", () => {
    expect(names([]).some(({ needs }) => needs)).toBe(false);
    expect(watchedKinds(names([]))).toEqual([
      "Workspace",
      "LogicalCluster",
      "Account",
      "AccountInfo",
      "WorkspaceType",
      "APIBinding",
    ]);
  });

  test("decisions 34: Memberships with the function that takes them", () => {
    expect(watchedKinds(names([], on))).toContain("Membership");
    expect(watchedKinds(names(["manage-membership"], on))).not.toContain("Membership");
  });

  test("no function that is switched off", () => {
    expect(names(["release-accountinfo"]).map(({ name }) => name)).not.toContain("release-accountinfo");
  });
});

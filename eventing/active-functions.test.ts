import { describe, expect, test } from "vitest";
import { functions } from "../functions/index.ts";
import { FakeFga } from "../test/fake-fga.ts";
import { type Active, activeFunctions, watchedKinds } from "./active-functions.ts";

const names = (disabled: readonly string[], security?: Active["security"]) =>
  activeFunctions(functions, { security, disabledFunctions: new Set(disabled) });
const on = { fga: Object.assign(new FakeFga(), { close: () => undefined }) };

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

  test("issue 5: with security on and no OpenFGA there are no Memberships to take care of", () => {
    expect(names([], {}).map(({ name }) => name)).toContain("security-init");
    expect(watchedKinds(names([], {}))).not.toContain("Membership");
  });

  test("no function that is switched off", () => {
    expect(names(["release-accountinfo"]).map(({ name }) => name)).not.toContain("release-accountinfo");
  });
});

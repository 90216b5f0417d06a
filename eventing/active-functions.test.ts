import { describe, expect, test } from "vitest";
import { functions } from "../functions/index.ts";
import { type Active, activeFunctions, watchedKinds } from "./active-functions.ts";

const active = (security: Active["security"], ...disabled: readonly string[]) =>
  activeFunctions(functions, { security, disabledFunctions: new Set(disabled) });
const withFga = { fga: {} } as Active["security"];

describe("what works and what is watched", () => {
  test("decisions 8: without security the six core kinds, and none that an export without memberships lacks", () => {
    expect(active(undefined).some(({ needs }) => needs)).toBe(false);
    expect(watchedKinds(active(undefined))).toEqual([
      "Workspace",
      "LogicalCluster",
      "Account",
      "AccountInfo",
      "WorkspaceType",
      "APIBinding",
    ]);
  });

  test("decisions 34: Memberships with the function that takes them, where there is an OpenFGA to write to", () => {
    expect(watchedKinds(active(withFga))).toContain("Membership");
    expect(watchedKinds(active({}))).not.toContain("Membership");
    expect(watchedKinds(active(withFga, "manage-membership"))).not.toContain("Membership");
  });

  test("no function that is switched off", () => {
    expect(active(withFga, "release-accountinfo").map(({ name }) => name)).not.toContain("release-accountinfo");
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nameProblem, placementProblem, typeProblem, workspaceTypeName } from "./naming.ts";

const settings = { deniedOrgNames: ["admin", "www"], additionalAccountTypes: ["trial"], orgsPath: "root:orgs" };
const kcpName = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

describe("names", () => {
  test.each([
    ["org", "acme", undefined],
    ["org", "a-1", undefined],
    ["org", "a".repeat(55), undefined],
    ["org", "a".repeat(56), "at most 55"],
    ["org", "ab", "at least 3"],
    ["org", "1abc", "start with a letter"],
    ["org", "admin", "reserved"],
    ["org", "master", "reserved"],
    ["org", "orgs", "reserved"],
    ["org", "acme-", "cannot become a workspace"],
    ["account", "1", undefined],
    ["account", "admin", undefined],
    ["account", "a".repeat(63), undefined],
    ["account", "a".repeat(64), "cannot become a workspace"],
    ["account", "a.b", "cannot become a workspace"],
    ["trial", "Abc", "cannot become a workspace"],
  ])("002-F23 %s %s: %s", (type, name, problem) => {
    const found = nameProblem(type, name, settings);
    if (problem === undefined) expect(found).toBeUndefined();
    else expect(found).toContain(problem);
  });

  test("002-F23 an org name that is let through makes WorkspaceTypes that kcp takes", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9.-]{1,70}$/), (name) => {
        if (nameProblem("org", name, settings)) return;
        for (const type of ["org", "account"]) {
          expect(workspaceTypeName(name, type)).toMatch(kcpName);
          expect(workspaceTypeName(name, type)).toMatch(/^[a-z]/);
        }
      }),
    );
  });

  test("001-F03 allows org, account and what the operator adds", () => {
    for (const type of ["org", "account", "trial"]) expect(typeProblem(type, settings)).toBeUndefined();
    expect(typeProblem("team", settings)).toBe('account type "team" is not allowed: use one of org, account, trial');
  });

  test("an org lives in root:orgs and an account does not", () => {
    expect(placementProblem("org", "root:orgs", settings)).toBeUndefined();
    expect(placementProblem("account", "root:orgs:acme", settings)).toBeUndefined();
    expect(placementProblem("org", "root:orgs:acme", settings)).toContain("an org lives in root:orgs");
    expect(placementProblem("account", "root:orgs", settings)).toContain("an account lives inside an org");
  });

  test("a type of the operator's own shares the account's WorkspaceType", () => {
    expect(workspaceTypeName("acme", "trial")).toBe("acme-account");
  });
});

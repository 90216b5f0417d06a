import { expect, test } from "vitest";
import { accountEvent } from "../../eventing/bus/contract.ts";
import { letterOf } from "./letter.ts";

test.each([
  ["an object beside the Account", { kcpcluster: "orgs-id", kcppath: "root:orgs" }, "root:orgs:acme"],
  ["one in the account's workspace", { kcpcluster: "acme-id", kcppath: "root:orgs:acme" }, "root:orgs:acme"],
  ["one whose path is not known", { kcpcluster: "orgs-id" }, "orgs-id/acme"],
  ["one elsewhere", { kcpcluster: "x", kcppath: "root:x" }, "orgs-id/acme"],
])("the account is known from %s", (_, place, account) => {
  const event = accountEvent("1", { accountkey: "orgs-id/acme", ...place });
  expect(letterOf({ sequence: 1, event }).account).toBe(account);
});

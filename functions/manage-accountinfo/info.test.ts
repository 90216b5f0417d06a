import { describe, expect, test } from "vitest";
import { fact } from "../../shared/event.ts";
import type { Workspace } from "../../shared/kcp/objects.ts";
import { forwarded, own } from "../../test/run-functions.ts";
import { pathOf } from "./info.ts";
import { securityIn } from "./kept-security.ts";

const workspaceAt = (url: string) => ({ spec: { URL: url } }) as unknown as Workspace;

describe("AccountInfo", () => {
  test.each([
    ["https://kcp.example/clusters/root:orgs:acme", "root:orgs:acme"],
    ["https://kcp.example:6443/base/clusters/root:orgs:acme:dev", "root:orgs:acme:dev"],
    ["https://kcp.example/clusters/root%3Aorgs", "root:orgs"],
    ["", undefined],
    ["not a url", undefined],
  ])("002-F55 path of %s is %s", (url, path) => {
    expect(pathOf(workspaceAt(url))).toBe(path);
  });

  test("002-F59 keeps the store of an AccountInfo that is gone", () => {
    const kept = { fga: { store: { id: "01J" } }, oidc: { issuerUrl: "https://idp.example" } };
    expect(securityIn(own(fact.infoDeleted, "a/b", kept))).toEqual(kept);
    expect(
      securityIn(forwarded("AccountInfo", "a/b", { verb: "delete", data: { spec: { ...kept, account: {} } } })),
    ).toEqual(kept);
    expect(securityIn(forwarded("AccountInfo", "a/b", { verb: "delete", data: { metadata: {} } }))).toEqual({});
    expect(securityIn(own(fact.resyncDue, "a/b"))).toEqual({});
  });
});

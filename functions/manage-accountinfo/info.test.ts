import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fact } from "../../shared/event.ts";
import type { Workspace } from "../../shared/kcp/objects.ts";
import { forwarded, own } from "../../test/run-functions.ts";
import { pathOf, surplusOf } from "./info.ts";
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

  test("surplus is what a merge patch has to take away, and nothing else", () => {
    const value = fc.oneof(fc.string(), fc.dictionary(fc.string({ maxLength: 2 }), fc.string(), { maxKeys: 3 }));
    const spec = fc.dictionary(fc.string({ maxLength: 2 }), value, { maxKeys: 4 });
    fc.assert(
      fc.property(spec, spec, (wanted, extra) => {
        const surplus = surplusOf({ ...extra, ...wanted }, wanted) ?? {};
        const added = Object.keys(extra).filter((key) => !(key in wanted));
        expect(Object.keys(surplus).sort()).toEqual(added.sort());
        expect(surplusOf(wanted, wanted)).toBeUndefined();
      }),
    );
  });

  test("finds a nested surplus", () => {
    const wanted = { oidc: { clients: { portal: { clientId: "p" } } } };
    const spec = { oidc: { clients: { portal: { clientId: "p" }, evil: { clientId: "e" } }, issuerUrl: "x" } };
    expect(surplusOf(spec, wanted)).toEqual({ oidc: { clients: { evil: null }, issuerUrl: null } });
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

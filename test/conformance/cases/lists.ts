import { beforeAll, describe, expect, test } from "vitest";
import { account, configMap } from "../objects.ts";
import { accounts, configMaps, room } from "../world.ts";

export function listCases(): void {
  const home = room("lists");
  const list = (query: string, path = accounts) => home.api().get(`${path}?${query}`);

  beforeAll(async () => {
    const labels: Readonly<Record<string, object>> = {
      a: { color: "red", size: "1" },
      b: { color: "blue", size: "2" },
      c: { color: "red" },
      d: {},
      e: { color: "", "example.io/x": "y" },
    };
    for (const [name, each] of Object.entries(labels)) {
      await home.api().post(accounts, account(name, {}, { labels: each }));
      await home.api().post(configMaps, configMap(name, {}, { labels: each }));
    }
    await home.api().post("/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name: "other" } });
    await home.api().post("/api/v1/namespaces/other/configmaps", configMap("a"));
  });

  describe("lists", () => {
    test("are in the order of names, with kind and version", async () => {
      const answer = await list("");
      expect(answer.names()).toEqual(["a", "b", "c", "d", "e"]);
      expect([answer.at("kind"), answer.at("apiVersion")]).toEqual(["AccountList", "core.platform-mesh.io/v1alpha1"]);
    });
    test("hold whole objects, with kind and version each", async () => {
      expect((await list("labelSelector=size=1")).whole()).toMatchInlineSnapshot(`
        200
        apiVersion: core.platform-mesh.io/v1alpha1
        items:
          - apiVersion: core.platform-mesh.io/v1alpha1
            kind: Account
            metadata: {annotations: {kcp.io/cluster: <id of lists>}, creationTimestamp: '<time>', generation: 1, labels: {color: red, size: '1'}, managedFields: [{apiVersion: core.platform-mesh.io/v1alpha1, fieldsType: FieldsV1, fieldsV1: {f:metadata: {f:labels: {.: {}, f:color: {}, f:size: {}}}, f:spec: {.: {}, f:displayName: {}, f:type: {}}}, manager: conformance, operation: Update, time: '<time>'}], name: a, resourceVersion: '<version>', uid: <uid>}
            spec: {displayName: a, type: account}
        kind: AccountList
        metadata:
          continue: ''
          resourceVersion: '<version>'
      `);
    });
    test("of native objects leave kind and version out", async () => {
      expect((await list("labelSelector=size=1", configMaps)).whole()).toMatchInlineSnapshot(`
        200
        apiVersion: v1
        items:
          - metadata: {annotations: {kcp.io/cluster: <id of lists>}, creationTimestamp: '<time>', labels: {color: red, size: '1'}, managedFields: [{apiVersion: v1, fieldsType: FieldsV1, fieldsV1: {f:metadata: {f:labels: {.: {}, f:color: {}, f:size: {}}}}, manager: conformance, operation: Update, time: '<time>'}], name: a, namespace: default, resourceVersion: '<version>', uid: <uid>}
        kind: ConfigMapList
        metadata:
          resourceVersion: '<version>'
      `);
    });
    test("of nothing are empty", async () => {
      expect(await list("labelSelector=none")).toMatchInlineSnapshot(`
        200
        apiVersion: core.platform-mesh.io/v1alpha1
        items: []
        kind: AccountList
        metadata:
          continue: ''
      `);
    });
    test("of all namespaces are in the order of namespaces", async () => {
      const answer = await list("labelSelector=!kubernetes.io", "/api/v1/configmaps");
      const all = answer.items().map((item) => item as { metadata: { name: string; namespace: string } });
      expect(all.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)).toEqual(
        expect.arrayContaining(["default/a", "default/e", "other/a"]),
      );
    });
    test("of a namespace that does not exist are empty", async () => {
      expect((await list("", "/api/v1/namespaces/none/configmaps")).names()).toEqual([]);
    });
    test("with resourceVersion=0 are served too", async () => {
      expect((await list("resourceVersion=0")).names()).toEqual(["a", "b", "c", "d", "e"]);
    });
    test("of a version that is to come time out", async () => {
      const answer = await list("resourceVersion=999999999");
      expect([answer.code, answer.at("reason"), answer.at("details", "causes", 0, "reason")]).toEqual([
        504,
        "Timeout",
        "ResourceVersionTooLarge",
      ]);
    });
    test("of a version that is none", async () => {
      expect(await list("resourceVersion=x")).toMatchInlineSnapshot(
        `400 BadRequest: invalid resource version: resourceVersion: Invalid value: "x": strconv.ParseUint: parsing "x": invalid syntax`,
      );
    });
    test("resourceVersionMatch needs a version", async () => {
      expect(await list("resourceVersionMatch=Exact")).toMatchInlineSnapshot(`
        422 Invalid: ListOptions.meta.k8s.io "" is invalid:
        - FieldValueForbidden: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided
        {group: meta.k8s.io, kind: ListOptions}
      `);
    });
    test("resourceVersionMatch has two values", async () => {
      expect(await list("resourceVersion=1&resourceVersionMatch=Near")).toMatchInlineSnapshot(`
        422 Invalid: ListOptions.meta.k8s.io "" is invalid:
        - FieldValueNotSupported: resourceVersionMatch: Unsupported value: "Near": supported values: "Exact", "NotOlderThan", ""
        {group: meta.k8s.io, kind: ListOptions}
      `);
    });
    test("resourceVersionMatch=Exact with 0 is refused", async () => {
      expect(await list("resourceVersion=0&resourceVersionMatch=Exact")).toMatchInlineSnapshot(`
        422 Invalid: ListOptions.meta.k8s.io "" is invalid:
        - FieldValueForbidden: resourceVersionMatch: Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"
        {group: meta.k8s.io, kind: ListOptions}
      `);
    });
  });

  describe("label selectors", () => {
    const selected: readonly (readonly [string, string])[] = [
      ["color=red", "a c"],
      ["color==red", "a c"],
      ["color!=red", "b d e"],
      ["color", "a b c e"],
      ["!color", "d"],
      ["color in (red,blue)", "a b c"],
      ["color in (blue)", "b"],
      ["color notin (red)", "b d e"],
      ["color=red,size=1", "a"],
      ["color=red,!size", "c"],
      ["color=", "e"],
      ["color in ()", "e"],
      ["size>1", "b"],
      ["size<2", "a"],
      ["example.io/x=y", "e"],
      ["color = red , size", "a"],
    ];
    test.each(selected)("%s", async (selector, names) => {
      const answer = await list(`labelSelector=${encodeURIComponent(selector)}`);
      expect(answer.code, String(answer)).toBe(200);
      expect(answer.names().join(" ")).toBe(names);
    });
    test.each(["color=red=blue", "a b", "=x", "color in red", "color>x", "bad key!=1", "color=no value", "(", "a,,b"])(
      "%s is refused",
      async (selector) => {
        expect(await list(`labelSelector=${encodeURIComponent(selector)}`)).toMatchSnapshot();
      },
    );
  });

  describe("field selectors", () => {
    const selected: readonly (readonly [string, string])[] = [
      ["metadata.name=a", "a"],
      ["metadata.name==a", "a"],
      ["metadata.name!=a", "b c d e"],
      ["metadata.name=none", ""],
      ["metadata.name=a,metadata.name=b", ""],
    ];
    test.each(selected)("%s", async (selector, names) => {
      expect((await list(`fieldSelector=${encodeURIComponent(selector)}`)).names().join(" ")).toBe(names);
    });
    test("by namespace, of what has none", async () => {
      expect(await list("fieldSelector=metadata.namespace=")).toMatchInlineSnapshot(
        `400 BadRequest: field label not supported: metadata.namespace`,
      );
    });
    test("by namespace", async () => {
      const answer = await list("fieldSelector=metadata.namespace=other", "/api/v1/configmaps");
      expect(answer.names()).toContain("a");
      expect(answer.names()).not.toContain("b");
    });
    test("by a field that cannot be selected", async () => {
      expect(await list("fieldSelector=spec.type=org")).toMatchInlineSnapshot(
        `400 BadRequest: field label not supported: spec.type`,
      );
    });
    test("by a field of a native type that cannot be selected", async () => {
      expect(await list("fieldSelector=data.a=b", configMaps)).toMatchInlineSnapshot(
        `400 BadRequest: "data.a" is not a known field selector: only "metadata.name", "metadata.namespace"`,
      );
    });
    test("that is none", async () => {
      expect(await list("fieldSelector=nothing")).toMatchInlineSnapshot(
        `400 BadRequest: invalid selector: 'nothing'; can't understand 'nothing'`,
      );
    });
    test("of namespaces by phase", async () => {
      const answer = await list("fieldSelector=status.phase=Active,metadata.name=default", "/api/v1/namespaces");
      expect(answer.names()).toEqual(["default"]);
    });
    test("of secrets by type", async () => {
      const secrets = "/api/v1/namespaces/default/secrets";
      const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "typed" }, type: "example.io/x" };
      await home.api().post(secrets, secret);
      expect((await list("fieldSelector=type=example.io/x", secrets)).names()).toEqual(["typed"]);
    });
    test("of events by what they are about", async () => {
      const events = "/api/v1/namespaces/default/events";
      const about = (name: string) => ({
        apiVersion: "v1",
        kind: "Event",
        metadata: { name },
        involvedObject: { kind: "Account", name, apiVersion: "core.platform-mesh.io/v1alpha1", namespace: "default" },
        reason: "Waiting",
        message: "for something",
        type: "Normal",
      });
      await Promise.all([home.api().post(events, about("a")), home.api().post(events, about("b"))]);
      const selector = "fieldSelector=involvedObject.kind=Account,involvedObject.name=a,reason=Waiting";
      expect((await list(selector, events)).names()).toEqual(["a"]);
    });
  });

  describe("pages", () => {
    test("hold as much as asked for, and say how much is left", async () => {
      const first = await list("limit=2");
      expect([first.names(), first.at("metadata", "remainingItemCount")]).toEqual([["a", "b"], 3]);
      const second = await list(`limit=2&continue=${first.text("metadata", "continue")}`);
      expect([second.names(), second.at("metadata", "remainingItemCount")]).toEqual([["c", "d"], 1]);
      const third = await list(`limit=2&continue=${second.text("metadata", "continue")}`);
      expect([third.names(), third.at("metadata", "remainingItemCount")]).toEqual([["e"], null]);
      expect(third.at("metadata", "continue")).toBe("");
    });
    test("of a list all have its version", async () => {
      const first = await list("limit=2");
      await home.api().patch(`${accounts}/e`, { spec: { description: `${Math.random()}` } });
      const second = await list(`limit=2&continue=${first.text("metadata", "continue")}`);
      expect(second.at("metadata", "resourceVersion")).toBe(first.at("metadata", "resourceVersion"));
    });
    test("with a selector do not count what is left", async () => {
      const answer = await list("limit=1&labelSelector=color");
      expect([answer.names(), answer.at("metadata", "remainingItemCount")]).toEqual([["a"], null]);
      expect(answer.text("metadata", "continue")).not.toBe("");
    });
    test("of native objects leave the empty token out", async () => {
      const answer = await list("limit=500", configMaps);
      expect(answer.at("metadata", "continue")).toBeNull();
    });
    test("a continue token that is none", async () => {
      const answer = await list("limit=1&continue=nothing");
      expect([answer.code, answer.text("message").split(": ").slice(0, 2)]).toEqual([
        400,
        ["invalid continue token", "continue key is not valid"],
      ]);
    });
    test("a limit that is none", async () => {
      expect(await list("limit=x")).toMatchInlineSnapshot(
        `400 BadRequest: strconv.ParseInt: parsing "x": invalid syntax`,
      );
    });
    test("a version beside a continue token is refused", async () => {
      const token = (await list("limit=1")).text("metadata", "continue");
      expect(await list(`limit=1&resourceVersion=5&continue=${token}`)).toMatchInlineSnapshot(
        `400 BadRequest: specifying resource version is not allowed when using continue`,
      );
    });
  });

  describe("other forms of objects", () => {
    const table = { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" };
    const partial = { accept: "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io" };
    const partials = { accept: "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io" };
    const columns = async (path: string) => {
      const answer = await home.api().get(path, table);
      const definitions = answer.at("columnDefinitions") as readonly { name: string; type: string; priority: number }[];
      return definitions.map(({ name, type, priority }) => `${name} ${type} ${priority}`).join(", ");
    };
    test("a table of Accounts", async () => {
      expect(await columns(accounts)).toMatchInlineSnapshot(
        `Name string 0, Display Name string 0, Type string 0, Ready string 0, Phase string 0`,
      );
    });
    test("rows of Accounts", async () => {
      const answer = await home.api().get(`${accounts}?limit=2`, table);
      expect(answer.only("rows")).toMatchInlineSnapshot(`
        200
        rows:
          - cells: [a, a, account, null, null]
            object: {apiVersion: meta.k8s.io/v1, kind: PartialObjectMetadata, metadata: {annotations: {kcp.io/cluster: <id of lists>}, creationTimestamp: '<time>', generation: 1, labels: {color: red, size: '1'}, managedFields: [{apiVersion: core.platform-mesh.io/v1alpha1, fieldsType: FieldsV1, fieldsV1: {f:metadata: {f:labels: {.: {}, f:color: {}, f:size: {}}}, f:spec: {.: {}, f:displayName: {}, f:type: {}}}, manager: conformance, operation: Update, time: '<time>'}], name: a, resourceVersion: '<version>', uid: <uid>}}
          - cells: [b, b, account, null, null]
            object: {apiVersion: meta.k8s.io/v1, kind: PartialObjectMetadata, metadata: {annotations: {kcp.io/cluster: <id of lists>}, creationTimestamp: '<time>', generation: 1, labels: {color: blue, size: '2'}, managedFields: [{apiVersion: core.platform-mesh.io/v1alpha1, fieldsType: FieldsV1, fieldsV1: {f:metadata: {f:labels: {.: {}, f:color: {}, f:size: {}}}, f:spec: {.: {}, f:displayName: {}, f:type: {}}}, manager: conformance, operation: Update, time: '<time>'}], name: b, resourceVersion: '<version>', uid: <uid>}}
      `);
    });
    test("a table of one object", async () => {
      const answer = await home.api().get(`${accounts}/a`, table);
      expect(answer.at("rows", 0, "cells")).toEqual(["a", "a", "account", null, null]);
    });
    test("rows without objects", async () => {
      const answer = await home.api().get(`${accounts}?limit=1&includeObject=None`, table);
      expect(answer.only("rows")).toMatchInlineSnapshot(`
        200
        rows:
          - cells: [a, a, account, null, null]
            object: null
      `);
    });
    test("rows with whole objects", async () => {
      const answer = await home.api().get(`${accounts}?limit=1&includeObject=Object`, table);
      expect(answer.at("rows", 0, "object", "spec", "type")).toBe("account");
    });
    test.each([
      "/api/v1/namespaces",
      "/api/v1/configmaps",
      "/api/v1/secrets",
      "/api/v1/events",
      "/api/v1/serviceaccounts",
      "/apis/coordination.k8s.io/v1/leases",
      "/apis/rbac.authorization.k8s.io/v1/clusterroles",
      "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
      "/apis/apis.kcp.io/v1alpha2/apibindings",
      "/apis/apis.kcp.io/v1alpha2/apiexports",
      "/apis/apis.kcp.io/v1alpha1/apiresourceschemas",
      "/apis/apis.kcp.io/v1alpha1/apiexportendpointslices",
      "/apis/core.kcp.io/v1alpha1/logicalclusters",
      "/apis/tenancy.kcp.io/v1alpha1/workspaces",
      "/apis/tenancy.kcp.io/v1alpha1/workspacetypes",
      "/apis/core.platform-mesh.io/v1alpha1/accountinfos",
    ])("columns of %s", async (path) => {
      expect(await columns(path)).toMatchSnapshot();
    });
    test("metadata alone", async () => {
      expect(await home.api().get(`${accounts}/a`, partial)).toMatchInlineSnapshot(`
        200
        apiVersion: meta.k8s.io/v1
        kind: PartialObjectMetadata
        metadata:
          generation: 1
          labels:
            color: red
            size: '1'
          name: a
      `);
    });
    test("a list of metadata alone", async () => {
      expect(await home.api().get(`${accounts}?labelSelector=size=1`, partials)).toMatchInlineSnapshot(`
        200
        apiVersion: meta.k8s.io/v1
        items:
          - apiVersion: meta.k8s.io/v1
            kind: PartialObjectMetadata
            metadata: {generation: 1, labels: {color: red, size: '1'}, name: a}
        kind: PartialObjectMetadataList
        metadata: {}
      `);
    });
    test("the first form that is known is answered", async () => {
      const accept = `${table.accept},application/json`;
      expect((await home.api().get(`${accounts}/a`, { accept })).at("kind")).toBe("Table");
    });
    test("an unknown form is not acceptable", async () => {
      expect(
        await home.api().get(accounts, { accept: "application/json;as=Nothing;v=v1;g=meta.k8s.io" }),
      ).toMatchInlineSnapshot(
        `406 NotAcceptable: only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf`,
      );
    });
    test("an unknown media type is not acceptable", async () => {
      expect(await home.api().get(accounts, { accept: "image/png" })).toMatchInlineSnapshot(
        `406 NotAcceptable: only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf`,
      );
    });
  });
}

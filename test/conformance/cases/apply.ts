import { describe, expect, test } from "vitest";
import { apply } from "../api.ts";
import { account, condition, configMap } from "../objects.ts";
import { accounts, configMaps, room } from "../world.ts";

const head = { apiVersion: "core.platform-mesh.io/v1alpha1", kind: "Account" };

export function applyCases(): void {
  const home = room("apply");
  const put = (name: string, body: object, query = "fieldManager=one", sub = "") =>
    home.api().patch(`${accounts}/${name}${sub}?${query}`, { ...head, metadata: { name }, ...body }, apply);
  const spec = (more: object = {}) => ({ spec: { displayName: "x", type: "account", ...more } });

  describe("server-side apply", () => {
    test("makes what is not there", async () => {
      expect((await put("made", spec())).whole()).toMatchInlineSnapshot(`
        201
        apiVersion: core.platform-mesh.io/v1alpha1
        kind: Account
        metadata:
          annotations:
            kcp.io/cluster: <id of apply>
          creationTimestamp: '<time>'
          generation: 1
          managedFields:
            - {apiVersion: core.platform-mesh.io/v1alpha1, fieldsType: FieldsV1, fieldsV1: {f:spec: {f:displayName: {}, f:type: {}}}, manager: one, operation: Apply, time: '<time>'}
          name: made
          resourceVersion: '<version>'
          uid: <uid>
        spec:
          displayName: x
          type: account
      `);
    });
    test("again is no write", async () => {
      expect((await put("again", spec())).code).toBe(201);
      const [one, two] = [await put("again", spec()), await put("again", spec())];
      expect([one.code, two.code]).toEqual([200, 200]);
      expect(two.at("metadata", "resourceVersion")).toBe(one.at("metadata", "resourceVersion"));
    });
    test("takes away what its manager applied before and no longer does", async () => {
      await put("less", spec({ description: "soon gone" }));
      expect((await put("less", spec())).only("spec")).toMatchInlineSnapshot(`
        200
        spec:
          displayName: x
          type: account
      `);
    });
    test("keeps what somebody else set", async () => {
      await put("kept", spec());
      await home.api().patch(`${accounts}/kept?fieldManager=other`, { spec: { description: "theirs" } });
      expect((await put("kept", spec())).at("spec", "description")).toBe("theirs");
    });
    test("of another value than somebody else's is a conflict", async () => {
      await put("conflict", spec());
      expect(await put("conflict", spec({ type: "org" }), "fieldManager=two")).toMatchInlineSnapshot(`
        409 Conflict: Apply failed with 1 conflict: conflict with "one": .spec.type
        - FieldManagerConflict: .spec.type: conflict with "one"
      `);
    });
    test("tells all conflicts, by manager", async () => {
      await put("conflicts", spec());
      const change = { spec: { description: "theirs" }, metadata: { labels: { a: "1" } } };
      await home.api().patch(`${accounts}/conflicts?fieldManager=three`, change);
      const body = {
        ...spec({ type: "org", displayName: "y", description: "z" }),
        metadata: { name: "conflicts", labels: { a: "2" } },
      };
      expect(await put("conflicts", body, "fieldManager=two")).toMatchInlineSnapshot(`
        409 Conflict: Apply failed with 4 conflicts: conflicts with "one":
        - .spec.displayName
        - .spec.type
        conflicts with "three" using core.platform-mesh.io/v1alpha1:
        - .metadata.labels.a
        - .spec.description
        - FieldManagerConflict: .metadata.labels.a: conflict with "three" using core.platform-mesh.io/v1alpha1
        - FieldManagerConflict: .spec.description: conflict with "three" using core.platform-mesh.io/v1alpha1
        - FieldManagerConflict: .spec.displayName: conflict with "one"
        - FieldManagerConflict: .spec.type: conflict with "one"
      `);
    });
    test("tells a conflict with an update by its API version", async () => {
      await home.api().post(`${accounts}?fieldManager=someone`, account("updated"));
      expect(await put("updated", spec({ type: "org" }))).toMatchInlineSnapshot(`
        409 Conflict: Apply failed with 2 conflicts: conflicts with "someone" using core.platform-mesh.io/v1alpha1:
        - .spec.displayName
        - .spec.type
        - FieldManagerConflict: .spec.displayName: conflict with "someone" using core.platform-mesh.io/v1alpha1
        - FieldManagerConflict: .spec.type: conflict with "someone" using core.platform-mesh.io/v1alpha1
      `);
    });
    test("of the same value makes both its owners", async () => {
      await put("shared", spec());
      const answer = await put("shared", spec(), "fieldManager=two");
      expect(answer.only("metadata.managedFields")).toMatchInlineSnapshot(`
        200
        metadata.managedFields:
          - apiVersion: core.platform-mesh.io/v1alpha1
            fieldsType: FieldsV1
            fieldsV1: {f:spec: {f:displayName: {}, f:type: {}}}
            manager: two
            operation: Apply
          - apiVersion: core.platform-mesh.io/v1alpha1
            fieldsType: FieldsV1
            fieldsV1: {f:spec: {f:displayName: {}, f:type: {}}}
            manager: one
            operation: Apply
            time: '<time>'
      `);
    });
    test("what two own stays until both let go", async () => {
      await put("both", spec({ description: "ours" }));
      await put("both", spec({ description: "ours" }), "fieldManager=two");
      expect((await put("both", spec())).at("spec", "description")).toBe("ours");
      expect((await put("both", spec(), "fieldManager=two")).at("spec", "description")).toBeNull();
    });
    test("with force takes fields over", async () => {
      await put("forced", spec({ description: "one" }));
      const answer = await put("forced", spec({ description: "two" }), "fieldManager=two&force=true");
      expect(answer.only("spec.description", "metadata.managedFields")).toMatchInlineSnapshot(`
        200
        metadata.managedFields:
          - apiVersion: core.platform-mesh.io/v1alpha1
            fieldsType: FieldsV1
            fieldsV1: {f:spec: {f:displayName: {}, f:type: {}}}
            manager: one
            operation: Apply
            time: '<time>'
          - apiVersion: core.platform-mesh.io/v1alpha1
            fieldsType: FieldsV1
            fieldsV1: {f:spec: {f:description: {}, f:displayName: {}, f:type: {}}}
            manager: two
            operation: Apply
            time: '<time>'
        spec.description: two
      `);
    });
    test("what is no longer owned by an applier is not taken away by it", async () => {
      await put("lost", spec({ description: "one" }));
      await home.api().patch(`${accounts}/lost?fieldManager=other`, { spec: { description: "two" } });
      expect((await put("lost", spec())).at("spec", "description")).toBe("two");
    });
    test("may not take away what is required", async () => {
      await put("required", spec());
      expect(await put("required", { spec: { displayName: "x" } })).toMatchInlineSnapshot(`
        422 Invalid: Account.core.platform-mesh.io "required" is invalid:
        - FieldValueRequired: spec.type: Required value
        {group: core.platform-mesh.io, kind: Account, name: required}
      `);
    });
    test("is validated", async () => {
      expect(await put("invalid", spec({ displayName: "x".repeat(256) }))).toMatchInlineSnapshot(`
        422 Invalid: Account.core.platform-mesh.io "invalid" is invalid:
        - FieldValueTooLong: spec.displayName: Too long: may not be more than 255 bytes
        {group: core.platform-mesh.io, kind: Account, name: invalid}
      `);
    });
    test("of a wrong type is told by the schema", async () => {
      const answer = await put("typed", spec({ displayName: { a: 1 } }));
      expect([answer.code, answer.text("message").split(", got ")[0]]).toMatchInlineSnapshot(`
        [
          500,
          failed to create typed patch object (/typed; core.platform-mesh.io/v1alpha1, Kind=Account): .spec.displayName: expected string,
        ]
      `);
    });
    test("of an unknown field is refused", async () => {
      expect(await put("unknown", spec({ shoe: 1 }))).toMatchInlineSnapshot(
        `500 failed to create typed patch object (/unknown; core.platform-mesh.io/v1alpha1, Kind=Account): .spec.shoe: field not declared in schema`,
      );
    });
    test("may be YAML", async () => {
      const text = `apiVersion: ${head.apiVersion}\nkind: Account\nmetadata:\n  name: yaml\nspec:\n  displayName: "y"\n  type: org\n`;
      const answer = await home.api().patch(`${accounts}/yaml?fieldManager=me`, text, apply);
      expect(answer.only("spec")).toMatchInlineSnapshot(`
        201
        spec:
          displayName: 'y'
          type: org
      `);
    });
    test("that is no YAML", async () => {
      const answer = await home.api().patch(`${accounts}/broken?fieldManager=me`, "a: [", apply);
      expect(answer.code).toBe(400);
      expect(answer.text("message")).toMatch(/^error decoding YAML: /);
    });
    test("needs a manager", async () => {
      expect(await put("nobody", spec(), "")).toMatchInlineSnapshot(`
        422 Invalid: PatchOptions.meta.k8s.io "" is invalid:
        - FieldValueRequired: fieldManager: Required value: is required for apply patch
        {group: meta.k8s.io, kind: PatchOptions}
      `);
    });
    test("takes no managed fields", async () => {
      const metadata = { name: "managed", managedFields: [{ manager: "x" }] };
      expect(await put("managed", { ...spec(), metadata })).toMatchInlineSnapshot(
        `400 BadRequest: metadata.managedFields must be nil`,
      );
    });
    test("names the object of the URL", async () => {
      expect(await put("url", { ...spec(), metadata: { name: "other" } })).toMatchInlineSnapshot(
        `400 BadRequest: the name of the object (other) does not match the name on the URL (url)`,
      );
    });
    test("needs apiVersion and kind", async () => {
      expect(await put("kindless", { ...spec(), kind: undefined })).toMatchInlineSnapshot(
        `400 BadRequest: invalid object type: core.platform-mesh.io/v1alpha1, Kind=`,
      );
    });
    test("of another kind", async () => {
      expect(await put("kind", { ...spec(), kind: "Other" })).toMatchInlineSnapshot(
        `400 BadRequest: invalid object type: core.platform-mesh.io/v1alpha1, Kind=Other`,
      );
    });
    test("of another version", async () => {
      expect(await put("version", { ...spec(), apiVersion: "core.platform-mesh.io/v9" })).toMatchInlineSnapshot(
        `400 BadRequest: invalid object type: core.platform-mesh.io/v9, Kind=Account`,
      );
    });
    test("with an old resourceVersion is a conflict", async () => {
      await put("old", spec());
      expect(
        await put("old", { ...spec({ type: "org" }), metadata: { name: "old", resourceVersion: "1" } }),
      ).toMatchInlineSnapshot(`
        409 Conflict: Operation cannot be fulfilled on accounts.core.platform-mesh.io "old": the object has been modified; please apply your changes to the latest version and try again
        {group: core.platform-mesh.io, kind: accounts, name: old}
      `);
    });
    test("with a uid that is not there", async () => {
      const metadata = { name: "uid", uid: "00000000-0000-0000-0000-000000000000" };
      expect(await put("uid", { ...spec(), metadata })).toMatchInlineSnapshot(`
        409 Conflict: Operation cannot be fulfilled on accounts.core.platform-mesh.io "uid": uid mismatch: the provided object specified uid <uid>, and no existing object was found
        {group: core.platform-mesh.io, kind: accounts, name: uid}
      `);
    });
    test("can be tried", async () => {
      expect((await put("tried", spec(), "fieldManager=one&dryRun=All")).code).toBe(201);
      expect((await home.api().get(`${accounts}/tried`)).code).toBe(404);
    });
    test("drops status", async () => {
      expect((await put("stateless", { ...spec(), status: { phase: "Ready" } })).at("status")).toBeNull();
    });
  });

  describe("apply to status", () => {
    test("changes status alone", async () => {
      await put("status", spec());
      const body = { status: { phase: "Ready" }, spec: { type: "org" } };
      const answer = await put("status", body, "fieldManager=two", "/status");
      expect(answer.only("spec", "status", "metadata.managedFields")).toMatchInlineSnapshot(`
        200
        metadata.managedFields:
          - apiVersion: core.platform-mesh.io/v1alpha1
            fieldsType: FieldsV1
            fieldsV1: {f:spec: {f:displayName: {}, f:type: {}}}
            manager: one
            operation: Apply
            time: '<time>'
          - apiVersion: core.platform-mesh.io/v1alpha1
            fieldsType: FieldsV1
            fieldsV1: {f:status: {f:phase: {}}}
            manager: two
            operation: Apply
            subresource: status
            time: '<time>'
        spec:
          displayName: x
          type: account
        status:
          phase: Ready
      `);
    });
    test("merges conditions by their type", async () => {
      await put("conditions", spec());
      await put("conditions", { status: { conditions: [condition("One")] } }, "fieldManager=one", "/status");
      const body = { status: { conditions: [condition("Two")] } };
      const answer = await put("conditions", body, "fieldManager=two", "/status");
      expect(answer.only("status", "metadata.managedFields")).toMatchInlineSnapshot(`
        200
        metadata.managedFields:
          - apiVersion: core.platform-mesh.io/v1alpha1
            fieldsType: FieldsV1
            fieldsV1: {f:spec: {f:displayName: {}, f:type: {}}}
            manager: one
            operation: Apply
            time: '<time>'
          - apiVersion: core.platform-mesh.io/v1alpha1
            fieldsType: FieldsV1
            fieldsV1: {f:status: {f:conditions: {'k:{"type":"One"}': {.: {}, f:lastTransitionTime: {}, f:message: {}, f:reason: {}, f:status: {}, f:type: {}}}}}
            manager: one
            operation: Apply
            subresource: status
            time: '<time>'
          - apiVersion: core.platform-mesh.io/v1alpha1
            fieldsType: FieldsV1
            fieldsV1: {f:status: {f:conditions: {'k:{"type":"Two"}': {.: {}, f:lastTransitionTime: {}, f:message: {}, f:reason: {}, f:status: {}, f:type: {}}}}}
            manager: two
            operation: Apply
            subresource: status
            time: '<time>'
        status:
          conditions:
            - {lastTransitionTime: '<time>', message: '', reason: Done, status: 'True', type: One}
            - {lastTransitionTime: '<time>', message: '', reason: Done, status: 'True', type: Two}
      `);
    });
    test("tells a conflict inside a keyed list", async () => {
      await put("keyed", spec());
      await put("keyed", { status: { conditions: [condition("One")] } }, "fieldManager=one", "/status");
      const body = { status: { conditions: [condition("One", { status: "False" })] } };
      expect(await put("keyed", body, "fieldManager=two", "/status")).toMatchInlineSnapshot(`
        409 Conflict: Apply failed with 1 conflict: conflict with "one" with subresource "status": .status.conditions[type="One"].status
        - FieldManagerConflict: .status.conditions[type="One"].status: conflict with "one" with subresource "status"
      `);
    });
    test("of what does not exist", async () => {
      expect(await put("absent", { status: { phase: "Ready" } }, "fieldManager=one", "/status")).toMatchInlineSnapshot(`
        404 NotFound: accounts.core.platform-mesh.io "absent" not found
        {group: core.platform-mesh.io, kind: accounts, name: absent}
      `);
    });
  });

  describe("apply of native objects", () => {
    const map = (name: string, data: Record<string, string>, query = "fieldManager=one") =>
      home.api().patch(`${configMaps}/${name}?${query}`, configMap(name, data), apply);
    test("owns every key of a map", async () => {
      expect((await map("keys", { a: "1", b: "2" })).only("data", "metadata.managedFields")).toMatchInlineSnapshot(`
        201
        data:
          a: '1'
          b: '2'
        metadata.managedFields:
          - apiVersion: v1
            fieldsType: FieldsV1
            fieldsV1: {f:data: {f:a: {}, f:b: {}}}
            manager: one
            operation: Apply
            time: '<time>'
      `);
    });
    test("takes single keys away", async () => {
      await map("single", { a: "1", b: "2" });
      expect((await map("single", { a: "1" })).only("data")).toMatchInlineSnapshot(`
        200
        data:
          a: '1'
      `);
    });
    test("tells a conflict about a key", async () => {
      await map("conflict", { a: "1" });
      expect(await map("conflict", { a: "2" }, "fieldManager=two")).toMatchInlineSnapshot(`
        409 Conflict: Apply failed with 1 conflict: conflict with "one": .data.a
        - FieldManagerConflict: .data.a: conflict with "one"
      `);
    });
    test("of an unknown field is refused", async () => {
      const body = { ...configMap("unknown"), shoe: 1 };
      expect(await home.api().patch(`${configMaps}/unknown?fieldManager=me`, body, apply)).toMatchInlineSnapshot(
        `500 failed to create typed patch object (/unknown; /v1, Kind=ConfigMap): .shoe: field not declared in schema`,
      );
    });
  });

  describe("server-side apply of a list whose items the server completes", () => {
    const claim = (resource: string) => ({ resource, verbs: ["*"] });
    const offer = (name: string, content: object, manager = "one") => {
      const path = `/apis/apis.kcp.io/v1alpha2/apiexports/${name}?fieldManager=${manager}`;
      const body = { apiVersion: "apis.kcp.io/v1alpha2", kind: "APIExport", metadata: { name }, ...content };
      return home.api().patch(path, body, apply);
    };
    const claims = (name: string, resources: readonly string[], manager?: string) =>
      offer(name, { spec: { permissionClaims: resources.map(claim) } }, manager);
    test("takes an item away with what the server has set in it", async () => {
      await claims("whole", ["configmaps", "events"]);
      expect((await claims("whole", ["configmaps"])).only("spec.permissionClaims")).toMatchInlineSnapshot(`
        200
        spec.permissionClaims:
          - group: ''
            identityHash: ''
            resource: configmaps
            verbs: ['*']
      `);
    });
    test("leaves an item that another manager applies too", async () => {
      await claims("both", ["configmaps", "events"]);
      await claims("both", ["events"], "two");
      expect((await claims("both", ["configmaps"])).only("spec.permissionClaims")).toMatchInlineSnapshot(`
        200
        spec.permissionClaims:
          - group: ''
            identityHash: ''
            resource: configmaps
            verbs: ['*']
          - group: ''
            identityHash: ''
            resource: events
            verbs: ['*']
      `);
      expect((await claims("both", [], "two")).only("spec.permissionClaims")).toMatchInlineSnapshot(`
        200
        spec.permissionClaims:
          - group: ''
            identityHash: ''
            resource: configmaps
            verbs: ['*']
      `);
    });
    test("takes a structure away with what the server has set in it", async () => {
      await claims("structure", ["events"]);
      expect((await offer("structure", {})).only("spec")).toMatchInlineSnapshot(`
        200
        spec: null
      `);
    });
  });
}

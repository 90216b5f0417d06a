import { beforeAll, describe, expect, test } from "vitest";
import { at, textAt } from "../answer.ts";
import type { Api } from "../api.ts";
import { eventually } from "../eventually.ts";
import { clusterRole, clusterRoleBinding, configMap } from "../objects.ts";
import { accounts, bindings, configMaps, room, server } from "../world.ts";

const schemas = "/apis/apis.kcp.io/v1alpha1/apiresourceschemas";
const exportsPath = "/apis/apis.kcp.io/v1alpha2/apiexports";
const slices = "/apis/apis.kcp.io/v1alpha1/apiexportendpointslices";
const things = "/apis/example.io/v1/things";

const schema = (name: string, more: object = {}) => ({
  apiVersion: "apis.kcp.io/v1alpha1",
  kind: "APIResourceSchema",
  metadata: { name: `${name}.things.example.io` },
  spec: {
    group: "example.io",
    scope: "Cluster",
    names: {
      kind: "Thing",
      listKind: "ThingList",
      plural: "things",
      singular: "thing",
      shortNames: ["th"],
      categories: ["all"],
    },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: {
          type: "object",
          properties: {
            spec: {
              type: "object",
              properties: {
                color: { type: "string", enum: ["red", "blue"], default: "red" },
                size: { type: "integer", minimum: 1, maximum: 9 },
                ports: { type: "array", maxItems: 2, items: { "x-kubernetes-int-or-string": true } },
                tags: { type: "array", "x-kubernetes-list-type": "set", items: { type: "string" } },
                nested: { type: "object", default: {}, properties: { deep: { type: "boolean", default: true } } },
              },
            },
            status: { type: "object", properties: { state: { type: "string" } } },
          },
        },
      },
    ],
    ...more,
  },
});
const claim = (resource: string, group = "") => ({ group, resource, verbs: ["*"] });
const apiExport = (name: string, ...permissionClaims: readonly object[]) => ({
  apiVersion: "apis.kcp.io/v1alpha2",
  kind: "APIExport",
  metadata: { name },
  spec: {
    resources: [{ group: "example.io", name: "things", schema: "v1.things.example.io", storage: { crd: {} } }],
    permissionClaims,
  },
});
const thing = (name: string, spec: object = {}, metadata: object = {}) => ({
  apiVersion: "example.io/v1",
  kind: "Thing",
  metadata: { name, ...metadata },
  spec,
});
const accepted = (resource: string, selector: object = { matchAll: true }, state = "Accepted") => ({
  ...claim(resource),
  state,
  selector,
});

export function exportCases(): void {
  const provider = room("provider");
  const consumer = room("consumer");
  const stranger = room("stranger");
  const binding = (name: string, of = "example.io", ...permissionClaims: readonly object[]) => ({
    apiVersion: "apis.kcp.io/v1alpha2",
    kind: "APIBinding",
    metadata: { name },
    spec: { reference: { export: { path: provider.path, name: of } }, permissionClaims },
  });
  const bound = (api: Api, name: string) =>
    eventually(async () => expect((await api.get(`${bindings}/${name}`)).at("status", "phase")).toBe("Bound"));
  const condition = async (api: Api, name: string, type: string) =>
    (Object((await api.get(`${bindings}/${name}`)).at("status", "conditions")) as readonly { type: string }[]).find(
      (each) => each.type === type,
    );
  /** The export's virtual workspace. */
  const view = (of = "example.io") => server().api.below(`/services/apiexport/${provider.id}/${of}`);
  const seen = (path: string, of?: string) => view(of).get(`/clusters/*${path}`);

  beforeAll(async () => {
    await provider.api().post(schemas, schema("v1"));
    const claims = [claim("configmaps"), claim("secrets"), claim("events")];
    const made = await provider.api().post(exportsPath, apiExport("example.io", ...claims));
    if (made.code !== 201) throw new Error(`making an APIExport: ${made}`);
    const claimed = [
      accepted("configmaps", { matchLabels: { shown: "yes" } }),
      accepted("secrets", { matchAll: true }, "Rejected"),
    ];
    // An export that is new is not known everywhere in kcp at once.
    await eventually(async () => {
      const answer = await consumer.api().post(bindings, binding("example", "example.io", ...claimed));
      if (answer.code !== 201 && answer.code !== 409) throw new Error(`making an APIBinding: ${answer}`);
    });
    await bound(consumer.api(), "example");
    await eventually(async () => expect((await consumer.api().get(things)).code).toBe(200));
    await eventually(async () => expect((await seen(things)).code).toBe(200));
  });

  describe("schemas of resources", () => {
    test("are named by a prefix, the resource and its group", async () => {
      const body = { ...schema("v1"), metadata: { name: "things" } };
      expect(await provider.api().post(schemas, body)).toMatchInlineSnapshot(`
        403 Forbidden: apiresourceschemas.apis.kcp.io "things" is forbidden: [metadata.name: Invalid value: "things": must end in .things.example.io]
        {group: apis.kcp.io, kind: apiresourceschemas, name: things}
      `);
    });
    test("never change", async () => {
      const answer = await provider.api().patch(`${schemas}/v1.things.example.io`, { spec: { scope: "Namespaced" } });
      expect(answer.code).toBe(403);
      expect(answer.text("message").replace(/\{.*\}/, "{…}")).toMatchInlineSnapshot(
        `apiresourceschemas.apis.kcp.io "v1.things.example.io" is forbidden: [spec: Invalid value: {…}: is immutable]`,
      );
    });
    test("have a scope", async () => {
      expect(await provider.api().post(schemas, schema("v2", { scope: "World" }))).toMatchInlineSnapshot(`
        422 Invalid: APIResourceSchema.apis.kcp.io "v2.things.example.io" is invalid:
        - FieldValueInvalid: <nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation
        - FieldValueNotSupported: spec.scope: Unsupported value: "World": supported values: "Cluster", "Namespaced"
        {group: apis.kcp.io, kind: APIResourceSchema, name: v2.things.example.io}
      `);
    });
    test("have at least one version", async () => {
      expect(await provider.api().post(schemas, schema("v2", { versions: [] }))).toMatchInlineSnapshot(`
        422 Invalid: APIResourceSchema.apis.kcp.io "v2.things.example.io" is invalid:
        - FieldValueInvalid: spec.versions: Invalid value: 0: spec.versions in body should have at least 1 items
        - FieldValueInvalid: spec: Invalid value: Conversion must be specified when multiple versions exist
        {group: apis.kcp.io, kind: APIResourceSchema, name: v2.things.example.io}
      `);
    });
  });

  describe("exports", () => {
    test("get an identity, an endpoint slice and conditions", async () => {
      const answer = await provider.api().get(`${exportsPath}/example.io`);
      expect(answer.only("spec.identity", "status", "metadata.annotations")).toMatchInlineSnapshot(`
        200
        metadata.annotations:
          kcp.io/cluster: <id of provider>
          kcp.io/path: root:provider
        spec.identity:
          secretRef:
            name: example.io
            namespace: kcp-system
        status:
          conditions:
            - {lastTransitionTime: '<time>', status: 'True', type: IdentityValid}
          identityHash: <hash>
      `);
    });
    test("have their identity in a Secret", async () => {
      const answer = await provider.api().get("/api/v1/namespaces/kcp-system/secrets/example.io");
      expect([answer.at("type"), Object.keys(Object(answer.at("data")))]).toEqual(["Opaque", ["key"]]);
    });
    test("have an endpoint once somebody binds them", async () => {
      await eventually(async () =>
        expect((await provider.api().get(`${slices}/example.io`)).at("status", "endpoints")).not.toBeNull(),
      );
      const answer = await provider.api().get(`${slices}/example.io`);
      expect(answer.only("spec", "status")).toMatchInlineSnapshot(`
        200
        spec:
          export:
            name: example.io
            path: root:provider
        status:
          conditions:
            - {lastTransitionTime: '<time>', status: 'True', type: APIExportValid}
            - {lastTransitionTime: '<time>', status: 'True', type: PartitionValid}
          endpoints:
            - {url: <server>/services/apiexport/<id of provider>/example.io}
      `);
    });
    test("that nobody binds have none", async () => {
      await provider.api().post(exportsPath, { ...apiExport("unbound.io") });
      await eventually(async () => expect((await provider.api().get(`${slices}/unbound.io`)).code).toBe(200));
      await eventually(async () =>
        expect((await provider.api().get(`${slices}/unbound.io`)).at("status", "conditions")).not.toBeNull(),
      );
      expect((await provider.api().get(`${slices}/unbound.io`)).only("status.endpoints")).toMatchInlineSnapshot(`
        200
        status.endpoints: null
      `);
    });
    test("are served in their older version too", async () => {
      const answer = await provider.api().get("/apis/apis.kcp.io/v1alpha1/apiexports/example.io");
      expect(answer.only("apiVersion", "spec.latestResourceSchemas", "spec.permissionClaims")).toMatchInlineSnapshot(`
        200
        apiVersion: apis.kcp.io/v1alpha1
        spec.latestResourceSchemas:
          - v1.things.example.io
        spec.permissionClaims:
          - resource: configmaps
          - resource: secrets
          - resource: events
      `);
    });
  });

  describe("bindings", () => {
    test("say what they bind", async () => {
      const answer = await consumer.api().get(`${bindings}/example`);
      expect(answer.only("spec", "status", "metadata.finalizers")).toMatchInlineSnapshot(`
        200
        metadata.finalizers:
          - apis.kcp.io/apibinding-finalizer
        spec:
          permissionClaims:
            - {group: '', identityHash: '', resource: configmaps, selector: {matchLabels: {shown: 'yes'}}, state: Accepted, verbs: ['*']}
            - {group: '', identityHash: '', resource: secrets, selector: {matchAll: true}, state: Rejected, verbs: ['*']}
          reference:
            export: {name: example.io, path: root:provider}
        status:
          apiExportClusterName: <id of provider>
          appliedPermissionClaims:
            - {group: '', identityHash: '', resource: configmaps, selector: {matchLabels: {shown: 'yes'}}, verbs: ['*']}
          boundResources:
            - {group: example.io, resource: things, schema: {UID: <uid>, identityHash: <hash>, name: v1.things.example.io}, storageVersions: [v1]}
          conditions:
            - {lastTransitionTime: '<time>', status: 'True', type: Ready}
            - {lastTransitionTime: '<time>', status: 'True', type: APIExportValid}
            - {lastTransitionTime: '<time>', status: 'True', type: BindingUpToDate}
            - {lastTransitionTime: '<time>', status: 'True', type: InitialBindingCompleted}
            - {lastTransitionTime: '<time>', status: 'True', type: PermissionClaimsApplied}
            - {lastTransitionTime: '<time>', status: 'True', type: PermissionClaimsValid}
          exportPermissionClaims:
            - {group: '', identityHash: '', resource: configmaps, verbs: ['*']}
            - {group: '', identityHash: '', resource: secrets, verbs: ['*']}
            - {group: '', identityHash: '', resource: events, verbs: ['*']}
          phase: Bound
      `);
    });
    test("are served in their older version too", async () => {
      const answer = await consumer.api().get("/apis/apis.kcp.io/v1alpha1/apibindings/example");
      expect(answer.only("apiVersion", "spec.permissionClaims")).toMatchInlineSnapshot(`
        200
        apiVersion: apis.kcp.io/v1alpha1
        spec.permissionClaims:
          - resource: configmaps
            state: Accepted
          - all: true
            resource: secrets
            state: Rejected
      `);
    });
    test("to an export that does not exist", async () => {
      expect(await consumer.api().post(bindings, binding("none", "none.io"))).toMatchInlineSnapshot(`
        403 Forbidden: apibindings.apis.kcp.io "none" is forbidden: unable to create APIBinding: no permission to bind to export root:provider:none.io
        {group: apis.kcp.io, kind: apibindings, name: none}
      `);
    });
    test("to a workspace that does not exist", async () => {
      const body = binding("none");
      const spec = { reference: { export: { path: "root:none", name: "x" } } };
      expect(await consumer.api().post(bindings, { ...body, spec })).toMatchInlineSnapshot(`
        403 Forbidden: apibindings.apis.kcp.io "none" is forbidden: unable to create APIBinding: no permission to bind to export root:none:x
        {group: apis.kcp.io, kind: apibindings, name: none}
      `);
    });
    test("without a reference", async () => {
      expect(await consumer.api().post(bindings, { ...binding("none"), spec: {} })).toMatchInlineSnapshot(`
        422 Invalid: APIBinding.apis.kcp.io "none" is invalid:
        - FieldValueInvalid: <nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation
        - FieldValueRequired: spec.reference: Required value
        {group: apis.kcp.io, kind: APIBinding, name: none}
      `);
    });
    test("cannot change their reference", async () => {
      const answer = await consumer
        .api()
        .patch(`${bindings}/example`, { spec: { reference: { export: { name: "other" } } } });
      expect(answer).toMatchInlineSnapshot(`
        403 Forbidden: apibindings.apis.kcp.io "example" is forbidden: unable to update APIBinding: no permission to bind to export root:provider:other
        {group: apis.kcp.io, kind: apibindings, name: example}
      `);
    });
    test("a state that is none", async () => {
      const body = binding("none", "example.io", accepted("configmaps", { matchAll: true }, "Maybe"));
      expect(await consumer.api().post(bindings, body)).toMatchInlineSnapshot(`
        422 Invalid: APIBinding.apis.kcp.io "none" is invalid:
        - FieldValueInvalid: <nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation
        - FieldValueNotSupported: spec.permissionClaims[0].state: Unsupported value: "Maybe": supported values: "Accepted", "Rejected"
        {group: apis.kcp.io, kind: APIBinding, name: none}
      `);
    });
    test("a claim without a selector", async () => {
      const body = binding("none", "example.io", { ...claim("configmaps"), state: "Accepted" });
      expect(await consumer.api().post(bindings, body)).toMatchInlineSnapshot(`
        403 Forbidden: apibindings.apis.kcp.io "none" is forbidden: [spec.permissionClaims[0].selector: Required value: either one of matchAll, matchLabels, or matchExpressions must be set]
        {group: apis.kcp.io, kind: apibindings, name: none}
      `);
    });
    test("a second one to the same types does not become Bound", async () => {
      await consumer.api().post(bindings, binding("second"));
      await eventually(async () =>
        expect(await condition(consumer.api(), "second", "BindingUpToDate")).toMatchObject({ status: "False" }),
      );
      const answer = await consumer.api().get(`${bindings}/second`);
      expect(answer.at("status", "phase")).toBe("Binding");
      expect(answer.only("status")).toMatchInlineSnapshot(`
        200
        status:
          apiExportClusterName: <id of provider>
          conditions:
            - {lastTransitionTime: '<time>', message: 'Unable to bind APIs because they are bound by other APIBindings or CRDs: map[things.example.io:{example false}]', reason: NamingConflicts, severity: Error, status: 'False', type: Ready}
            - {lastTransitionTime: '<time>', status: 'True', type: APIExportValid}
            - {lastTransitionTime: '<time>', message: 'Unable to bind APIs because they are bound by other APIBindings or CRDs: map[things.example.io:{example false}]', reason: NamingConflicts, severity: Error, status: 'False', type: BindingUpToDate}
            - {lastTransitionTime: '<time>', message: 'Unable to bind APIs because they are bound by other APIBindings or CRDs: map[things.example.io:{example false}]', reason: NamingConflicts, severity: Error, status: 'False', type: InitialBindingCompleted}
            - {lastTransitionTime: '<time>', status: 'True', type: PermissionClaimsApplied}
            - {lastTransitionTime: '<time>', status: 'True', type: PermissionClaimsValid}
          exportPermissionClaims:
            - {group: '', identityHash: '', resource: configmaps, verbs: ['*']}
            - {group: '', identityHash: '', resource: secrets, verbs: ['*']}
            - {group: '', identityHash: '', resource: events, verbs: ['*']}
          phase: Binding
      `);
      await consumer.api().delete(`${bindings}/second`);
    });
    test("a claim that the export does not make", async () => {
      await stranger.api().post(bindings, binding("claiming", "example.io", accepted("namespaces")));
      await bound(stranger.api(), "claiming");
      await eventually(async () =>
        expect(await condition(stranger.api(), "claiming", "PermissionClaimsValid")).toBeDefined(),
      );
      expect(
        (await stranger.api().get(`${bindings}/claiming`)).only("status.conditions", "status.appliedPermissionClaims"),
      ).toMatchInlineSnapshot(`
        200
        status.appliedPermissionClaims: null
        status.conditions:
          - lastTransitionTime: '<time>'
            status: 'True'
            type: Ready
          - lastTransitionTime: '<time>'
            status: 'True'
            type: APIExportValid
          - lastTransitionTime: '<time>'
            status: 'True'
            type: BindingUpToDate
          - lastTransitionTime: '<time>'
            status: 'True'
            type: InitialBindingCompleted
          - lastTransitionTime: '<time>'
            status: 'True'
            type: PermissionClaimsApplied
          - lastTransitionTime: '<time>'
            message: '1 unexpected and/or invalid permission claims (showing first 1): unexpected/invalid claim for namespaces. (identity "")'
            reason: InvalidPermissionClaims
            severity: Error
            status: 'False'
            type: PermissionClaimsValid
      `);
    });
    test("go with all objects of their types", async () => {
      await eventually(async () => expect((await stranger.api().post(things, thing("gone"))).code).toBe(201));
      await stranger.api().delete(`${bindings}/claiming`);
      await eventually(async () => expect((await stranger.api().get(`${bindings}/claiming`)).code).toBe(404));
      await eventually(async () => expect((await stranger.api().get(things)).code).toBe(404));
      expect(await stranger.api().get(things)).toMatchInlineSnapshot(`404 404 page not found`);
      await stranger.api().post(bindings, binding("claiming"));
      await bound(stranger.api(), "claiming");
      await eventually(async () => expect((await stranger.api().get(things)).code).toBe(200));
      expect((await stranger.api().get(things)).names()).toEqual([]);
    });
    test("wait for finalizers of those objects", async () => {
      await stranger.api().post(things, thing("held", {}, { finalizers: ["example.io/held"] }));
      await stranger.api().delete(`${bindings}/claiming`);
      await eventually(async () =>
        expect((await stranger.api().get(`${things}/held`)).text("metadata", "deletionTimestamp")).toBeTruthy(),
      );
      expect((await stranger.api().get(`${bindings}/claiming`)).code).toBe(200);
      await stranger.api().patch(`${things}/held`, { metadata: { finalizers: null } });
      await eventually(async () => expect((await stranger.api().get(`${bindings}/claiming`)).code).toBe(404));
    });
  });

  describe("bound types", () => {
    const create = (name: string, spec: object = {}) => consumer.api().post(things, thing(name, spec));
    test("have defaults, also inside of defaults", async () => {
      expect((await create("defaults")).only("spec")).toMatchInlineSnapshot(`
        201
        spec:
          color: red
          nested:
            deep: true
      `);
    });
    test("have enumerations", async () => {
      expect(await create("x", { color: "green" })).toMatchInlineSnapshot(`
        422 Invalid: Thing.example.io "x" is invalid:
        - FieldValueNotSupported: spec.color: Unsupported value: "green": supported values: "red", "blue"
        {group: example.io, kind: Thing, name: x}
      `);
    });
    test("have limits of numbers", async () => {
      expect(await create("x", { size: 0 })).toMatchInlineSnapshot(`
        422 Invalid: Thing.example.io "x" is invalid:
        - FieldValueInvalid: spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1
        {group: example.io, kind: Thing, name: x}
      `);
      expect(await create("x", { size: 10 })).toMatchInlineSnapshot(`
        422 Invalid: Thing.example.io "x" is invalid:
        - FieldValueInvalid: spec.size: Invalid value: 10: spec.size in body should be less than or equal to 9
        {group: example.io, kind: Thing, name: x}
      `);
    });
    test("have limits of lists", async () => {
      expect(await create("x", { ports: [1, "two", 3] })).toMatchInlineSnapshot(`
        422 Invalid: Thing.example.io "x" is invalid:
        - FieldValueTooMany: spec.ports: Too many: 3: must have at most 2 items
        {group: example.io, kind: Thing, name: x}
      `);
    });
    test("have values that are either whole numbers or texts", async () => {
      expect(await create("x", { ports: [1.5] })).toMatchInlineSnapshot(`
        422 Invalid: Thing.example.io "x" is invalid:
        - FieldValueTypeInvalid: spec.ports[0]: Invalid value: "number": spec.ports[0] in body must be of type integer,string: "number"
        {group: example.io, kind: Thing, name: x}
      `);
    });
    test("have sets", async () => {
      expect(await create("x", { tags: ["a", "b", "a"] })).toMatchInlineSnapshot(`
        422 Invalid: Thing.example.io "x" is invalid:
        - FieldValueDuplicate: spec.tags[2]: Duplicate value: "a"
        {group: example.io, kind: Thing, name: x}
      `);
    });
    test("fill a null with its default", async () => {
      expect((await create("null", { color: null })).only("spec")).toMatchInlineSnapshot(`
        201
        spec:
          color: red
          nested:
            deep: true
      `);
    });
    test("are merged as sets by apply", async () => {
      const apply = { type: "application/apply-patch+yaml" };
      const put = (manager: string, tags: readonly string[]) =>
        consumer.api().patch(`${things}/set?fieldManager=${manager}`, thing("set", { tags }), apply);
      expect((await put("one", ["a", "b"])).code).toBe(201);
      expect((await put("two", ["b", "c"])).at("spec", "tags")).toEqual(["a", "b", "c"]);
      expect((await put("one", [])).at("spec", "tags")).toEqual(["b", "c"]);
    });
    test("are discovered with categories and short names", async () => {
      const [found] = (await consumer.api().get("/apis/example.io/v1")).at("resources") as readonly Record<
        string,
        unknown
      >[];
      expect(found).toMatchObject({
        name: "things",
        singularName: "thing",
        shortNames: ["th"],
        categories: ["all"],
        kind: "Thing",
      });
    });
    test("have a column of their age unless they say otherwise", async () => {
      const answer = await consumer.api().get(things, { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" });
      expect((answer.at("columnDefinitions") as readonly { name: string }[]).map(({ name }) => name)).toEqual([
        "Name",
        "Age",
      ]);
    });
  });

  describe("the virtual workspace of an export", () => {
    const names = async (path: string) => (await seen(path)).names();
    const own = () => view().below(`/services/apiexport/${provider.id}/example.io/clusters/${consumer.id}`);
    test("shows objects of its types in all workspaces that bind it", async () => {
      await consumer.api().post(things, thing("visible"));
      await eventually(async () => expect(await names(things)).toContain("visible"));
      const [found] = (await seen(things)).items();
      expect(at(found, "metadata", "annotations", "kcp.io/cluster")).toBe(consumer.id);
    });
    test("shows claimed objects that the binding's selector selects", async () => {
      await consumer.api().post(configMaps, configMap("hidden"));
      await consumer.api().post(configMaps, configMap("shown", {}, { labels: { shown: "yes" } }));
      await eventually(async () => expect(await names("/api/v1/configmaps")).toEqual(["shown"]));
    });
    test("hides claimed objects that the selector does not select", async () => {
      expect(await own().get(`${configMaps}/hidden`)).toMatchInlineSnapshot(`
        404 NotFound: configmaps "hidden" not found
        {kind: configmaps, name: hidden}
      `);
      expect((await own().get(`${configMaps}/shown`)).code).toBe(200);
    });
    test("labels what it makes, so that it sees it", async () => {
      const answer = await own().post(configMaps, configMap("made"));
      expect(answer.at("metadata", "labels")).toMatchObject({ shown: "yes" });
    });
    test("refuses a claim that was rejected", async () => {
      expect(await own().get("/api/v1/namespaces/default/secrets")).toMatchInlineSnapshot(`
        403 Forbidden: secrets is forbidden: User "kcp-admin" cannot list resource "secrets" in API group "" in the namespace "default": access denied
        {kind: secrets}
      `);
    });
    test("refuses a claim that was not answered", async () => {
      expect(await own().get("/api/v1/namespaces/default/events")).toMatchInlineSnapshot(`
        403 Forbidden: events is forbidden: User "kcp-admin" cannot list resource "events" in API group "" in the namespace "default": access denied
        {kind: events}
      `);
    });
    test("lists nothing of claims that nobody has accepted", async () => {
      expect((await seen("/api/v1/secrets")).names()).toEqual([]);
    });
    test("does not serve what it does not claim", async () => {
      expect(await own().get("/api/v1/namespaces")).toMatchInlineSnapshot(`
        403 Forbidden: namespaces is forbidden: User "kcp-admin" cannot list resource "namespaces" in API group "" at the cluster scope: access denied
        {kind: namespaces}
      `);
      expect(await seen("/api/v1/namespaces")).toMatchInlineSnapshot(`404 404 page not found`);
      expect(await seen(accounts)).toMatchInlineSnapshot(`404 404 page not found`);
    });
    test("writes to a workspace", async () => {
      const answer = await own().patch(`${things}/visible/status`, { status: { state: "good" } });
      expect(answer.at("status", "state")).toBe("good");
      expect((await consumer.api().get(`${things}/visible`)).at("status", "state")).toBe("good");
    });
    test("does not write to all workspaces at once", async () => {
      expect(await view().post(`/clusters/*${things}`, thing("everywhere"))).toMatchInlineSnapshot(`
        404 NotFound: the server could not find the requested resource
        - UnexpectedServerResponse: 404 page not found
      `);
      expect(await view().delete(`/clusters/*${things}/visible`)).toMatchInlineSnapshot(`
        404 NotFound: the server could not find the requested resource
        - UnexpectedServerResponse: 404 page not found
      `);
    });
    test("does not read one object of all workspaces", async () => {
      expect(await view().get(`/clusters/*${things}/visible`)).toMatchInlineSnapshot(`
        404 NotFound: the server could not find the requested resource
        - UnexpectedServerResponse: 404 page not found
      `);
    });
    test("shows nothing of a workspace that does not bind it", async () => {
      const path = `/services/apiexport/${provider.id}/example.io/clusters/${provider.id}`;
      expect(await view().below(path).get(things)).toMatchInlineSnapshot(`
        403 Forbidden: things.example.io is forbidden: User "kcp-admin" cannot list resource "things" in API group "example.io" at the cluster scope: access denied
        {group: example.io, kind: things}
      `);
    });
    test("shows the bindings to its export", async () => {
      const found = (await seen(bindings)).items();
      expect(found.map((item) => at(item, "metadata", "name"))).toContain("example");
    });
    test("discovers its types and claims", async () => {
      const groups = (await view().get("/clusters/*/apis")).at("groups") as readonly { name: string }[];
      expect(groups.map(({ name }) => name)).toEqual(expect.arrayContaining(["example.io", "apis.kcp.io"]));
      const core = (await view().get("/clusters/*/api/v1")).at("resources") as readonly { name: string }[];
      expect(core.map(({ name }) => name).sort()).toMatchInlineSnapshot(`
        [
          configmaps,
          events,
          secrets,
        ]
      `);
    });
    test("watches all workspaces", async () => {
      const from = (await seen(things)).text("metadata", "resourceVersion");
      await using stream = await view().watch(`/clusters/*${things}`, `resourceVersion=${from}`);
      await consumer.api().post(things, thing("watched"));
      await consumer.api().delete(`${things}/watched`);
      const events = await stream.take(2);
      expect(events.map(({ type, object }) => `${type} ${textAt(object, "metadata", "name")}`)).toEqual([
        "ADDED watched",
        "DELETED watched",
      ]);
    });
    test("is for those who may see the content of the export", async () => {
      expect(await view().as(server().alice).get(`/clusters/*${things}`)).toMatchInlineSnapshot(`
        403 Forbidden: things.example.io is forbidden: User "alice" cannot list resource "things" in API group "example.io" at the cluster scope: access denied
        {group: example.io, kind: things}
      `);
      expect(await view().as(undefined).get(`/clusters/*${things}`)).toMatchInlineSnapshot(`
        403 Forbidden: things.example.io is forbidden: User "system:anonymous" cannot list resource "things" in API group "example.io" at the cluster scope: access denied
        {group: example.io, kind: things}
      `);
    });
    test("opens to those who are given that right", async () => {
      const rule = {
        apiGroups: ["apis.kcp.io"],
        resources: ["apiexports/content"],
        resourceNames: ["example.io"],
        verbs: ["get", "list"],
      };
      const rbac = "/apis/rbac.authorization.k8s.io/v1";
      await provider.api().post(`${rbac}/clusterroles`, clusterRole("content", rule));
      await provider.api().post(`${rbac}/clusterrolebindings`, clusterRoleBinding("content", "content", "bob"));
      await provider
        .api()
        .post(`${rbac}/clusterrolebindings`, clusterRoleBinding("enter", "system:kcp:workspace:access", "bob"));
      const bob = view().as(server().bob);
      await eventually(async () => expect((await bob.get(`/clusters/*${things}`)).code).toBe(200));
      expect(await bob.post(`/clusters/${consumer.id}${things}`, thing("bobs"))).toMatchInlineSnapshot(`
        403 Forbidden: things.example.io is forbidden: User "bob" cannot create resource "things" in API group "example.io" at the cluster scope: access denied
        {group: example.io, kind: things}
      `);
    });
    test("of an export that does not exist", async () => {
      expect(await view("none.io").get(`/clusters/*${things}`)).toMatchInlineSnapshot(
        `500 Internal Server Error: "/services/apiexport/<id of provider>/none.io/clusters/*/apis/example.io/v1/things": API export not found: apiexport.apis.kcp.io "none.io" not found`,
      );
    });
    test("needs a cluster", async () => {
      expect(await view().get(things)).toMatchInlineSnapshot(
        `403 Forbidden: forbidden: User "kcp-admin" cannot get path "/services/apiexport/<id of provider>/example.io/apis/example.io/v1/things": Path not resolved to a valid virtual workspace`,
      );
    });
    test("takes no path of a workspace", async () => {
      expect(await view().get(`/clusters/${consumer.path}${things}`)).toMatchInlineSnapshot(
        `403 Forbidden: forbidden: User "kcp-admin" cannot get path "/services/apiexport/<id of provider>/example.io/clusters/root:consumer/apis/example.io/v1/things": Path not resolved to a valid virtual workspace`,
      );
    });
    test("of another name does not exist", async () => {
      expect(await server().api.get("/services/nothing/clusters/*/api")).toMatchInlineSnapshot(
        `403 Forbidden: forbidden: User "kcp-admin" cannot get path "/services/nothing/clusters/*/api": Path not resolved to a valid virtual workspace`,
      );
    });
    test("is filled by claims that are accepted later", async () => {
      await consumer
        .api()
        .post("/api/v1/namespaces/default/secrets", { apiVersion: "v1", kind: "Secret", metadata: { name: "later" } });
      const claims = [accepted("configmaps", { matchLabels: { shown: "yes" } }), accepted("secrets")];
      await consumer.api().patch(`${bindings}/example`, { spec: { permissionClaims: claims } });
      await eventually(async () => expect(await names("/api/v1/secrets")).toContain("later"));
    });
  });
}

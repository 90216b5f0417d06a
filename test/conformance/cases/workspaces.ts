import { beforeAll, describe, expect, test } from "vitest";
import { at, textAt } from "../answer.ts";
import { eventually } from "../eventually.ts";
import { callIt } from "../neutral.ts";
import { clusterRoleBinding, configMap, workspace } from "../objects.ts";
import { bindings, configMaps, longCase, makeWorkspace, room, server, unique, workspaces } from "../world.ts";

const types = "/apis/tenancy.kcp.io/v1alpha1/workspacetypes";
const cluster = "/apis/core.kcp.io/v1alpha1/logicalclusters/cluster";
type Spec = Readonly<Record<string, unknown>>;
const universal = { name: "universal", path: "root" };

export function workspaceCases(): void {
  const home = room("workspaces");
  const root = () => server().api.below("/clusters/root");
  const type = (name: string, spec: object = {}) => ({
    apiVersion: "tenancy.kcp.io/v1alpha1",
    kind: "WorkspaceType",
    metadata: { name },
    spec,
  });
  const inside = (path: string) => server().api.below(`/clusters/${path}`);
  const make = async (name: string, spec?: Spec) => {
    const id = await makeWorkspace("root", name, spec);
    callIt(id, `<id of ${name.split("-").slice(0, -1).join("-")}>`);
    return id;
  };
  const gone = (path: string) => eventually(async () => expect((await root().get(path)).code).toBe(404));

  describe("workspaces", () => {
    const name = unique("plain");
    let id = "";
    beforeAll(async () => {
      id = await make(name);
    });
    test("are Ready with a cluster, a URL and their conditions", async () => {
      const answer = await root().get(`${workspaces}/${name}`);
      expect(answer.only("spec", "status", "metadata.finalizers", "metadata.labels")).toMatchInlineSnapshot(`
        200
        metadata.finalizers:
          - core.kcp.io/logicalcluster
        metadata.labels:
          tenancy.kcp.io/phase: Ready
        spec:
          URL: <server>/clusters/root:plain
          cluster: <id of plain>
          type:
            name: universal
            path: root
        status:
          conditions:
            - {lastTransitionTime: '<time>', status: 'True', type: WorkspaceInitialized}
            - {lastTransitionTime: '<time>', status: 'True', type: WorkspaceScheduled}
          phase: Ready
      `);
    });
    test("have annotations of kcp", async () => {
      const annotations = Object.keys(
        Object((await root().get(`${workspaces}/${name}`)).at("metadata", "annotations")),
      );
      expect(annotations.sort()).toMatchInlineSnapshot(`
        [
          experimental.tenancy.kcp.io/owner,
          internal.tenancy.kcp.io/cluster,
          internal.tenancy.kcp.io/shard,
          kcp.io/cluster,
        ]
      `);
    });
    test("go through their phases in order", async () => {
      const fresh = unique("phases");
      const from = (await root().get(`${workspaces}?limit=1`)).text("metadata", "resourceVersion");
      const query = `fieldSelector=metadata.name=${fresh}&resourceVersion=${from}`;
      await using stream = await root().watch(workspaces, query);
      await root().post(workspaces, workspace(fresh));
      const phases: unknown[] = [];
      while (phases.at(-1) !== "Ready") {
        const event = await stream.next();
        const phase = at(event?.object, "status", "phase");
        if (phase !== phases.at(-1)) phases.push(phase);
      }
      expect(phases).toEqual(["Scheduling", "Initializing", "Ready"]);
    });
    test("are reached by path and by id", async () => {
      await inside(id).post(configMaps, configMap("here"));
      expect((await inside(`root:${name}`).get(`${configMaps}/here`)).code).toBe(200);
    });
    test("hold a LogicalCluster that knows its owner", async () => {
      const answer = await inside(`root:${name}`).get(cluster);
      expect(answer.only("spec", "status", "metadata.finalizers", "metadata.labels")).toMatchInlineSnapshot(`
        200
        metadata.finalizers:
          - core.kcp.io/logicalcluster-deletion
        metadata.labels:
          tenancy.kcp.io/phase: Ready
        spec:
          directlyDeletable: false
          initializers:
            - root:universal
            - system:apibindings
          owner:
            apiVersion: tenancy.kcp.io/v1alpha1
            cluster: root
            name: plain
            resource: workspaces
            uid: <uid>
        status:
          URL: <server>/clusters/<id of plain>
          conditions:
            - {lastTransitionTime: '<time>', status: 'True', type: WorkspaceInitialized}
          phase: Ready
      `);
    });
    test("of type universal begin with namespaces and rights", async () => {
      const api = inside(`root:${name}`);
      await eventually(async () => {
        expect((await api.get("/api/v1/namespaces")).names()).toEqual(["default", "kube-system"]);
      });
      const admin = await api.get("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/workspace-admin");
      expect(admin.only("roleRef", "subjects")).toMatchInlineSnapshot(`
        200
        roleRef:
          apiGroup: rbac.authorization.k8s.io
          kind: ClusterRole
          name: cluster-admin
        subjects:
          - apiGroup: rbac.authorization.k8s.io
            kind: User
            name: kcp-admin
      `);
    });
    test("of type universal bind what their type names", async () => {
      const answer = await inside(`root:${name}`).get(bindings);
      const references = answer.items().map((item) => at(item, "spec", "reference", "export"));
      const named = references.map((each) => `${textAt(each, "path")}:${textAt(each, "name")}`).sort();
      expect(named).toEqual(["root:tenancy.kcp.io", "root:topology.kcp.io"]);
    });
    test("get the default type of their parent's type", async () => {
      const answer = await root().post(`${workspaces}?dryRun=All`, workspace("untyped", {}));
      expect(answer.only("spec")).toMatchInlineSnapshot(`
        201
        spec:
          type:
            name: organization
            path: root
      `);
    });
    test("find a type by name in the workspaces above", async () => {
      const answer = await home
        .api()
        .post(`${workspaces}?dryRun=All`, workspace("near", { type: { name: "universal" } }));
      expect(answer).toMatchInlineSnapshot(`
        201
        apiVersion: tenancy.kcp.io/v1alpha1
        kind: Workspace
        metadata:
          annotations:
            experimental.tenancy.kcp.io/owner: '{"username":"kcp-admin","uid":"<uid>","groups":["system:kcp:admin","system:authenticated"]}'
          generation: 1
          name: near
        spec:
          type:
            name: universal
            path: root
        status:
          phase: Scheduling
      `);
    });
  });

  describe("workspaces that are refused", () => {
    const refused = async (spec: Spec, api = root()) =>
      api.post(`${workspaces}?dryRun=All`, workspace("unwanted", spec));
    test("an unknown type", async () => {
      expect(await refused({ type: { name: "none", path: "root" } })).toMatchInlineSnapshot(`
        403 Forbidden: workspaces.tenancy.kcp.io "unwanted" is forbidden: Internal error occurred: workspacetypes.tenancy.kcp.io "root:none" not found
        {group: tenancy.kcp.io, kind: workspaces, name: unwanted}
      `);
    });
    test("an unknown type without a path", async () => {
      expect(await refused({ type: { name: "none" } })).toMatchInlineSnapshot(`
        403 Forbidden: workspaces.tenancy.kcp.io "unwanted" is forbidden: workspace type "none" cannot be resolved
        {group: tenancy.kcp.io, kind: workspaces, name: unwanted}
      `);
    });
    test("a type at a path that does not exist", async () => {
      expect(await refused({ type: { name: "universal", path: "root:none" } })).toMatchInlineSnapshot(`
        403 Forbidden: workspaces.tenancy.kcp.io "unwanted" is forbidden: Internal error occurred: workspacetypes.tenancy.kcp.io "root:none:universal" not found
        {group: tenancy.kcp.io, kind: workspaces, name: unwanted}
      `);
    });
    test("a type that does not allow its parent", async () => {
      expect(await refused({ type: { name: "account", path: "root" } })).toMatchInlineSnapshot(`
        403 Forbidden: workspaces.tenancy.kcp.io "unwanted" is forbidden: workspace type root:account only allows [root:account root:org] parent workspaces, but parent type root:root only implements [root:root root:universal]
        {group: tenancy.kcp.io, kind: workspaces, name: unwanted}
      `);
    });
    test("a parent that does not allow its type", async () => {
      expect(await refused({ type: universal }, inside("root:orgs"))).toMatchInlineSnapshot(`
        403 Forbidden: workspaces.tenancy.kcp.io "unwanted" is forbidden: workspace type root:orgs only allows [root:org] child workspaces, but child type root:universal only implements [root:universal]
        {group: tenancy.kcp.io, kind: workspaces, name: unwanted}
      `);
    });
    test("a type for the topmost workspace", async () => {
      expect(await refused({ type: { name: "root", path: "root" } })).toMatchInlineSnapshot(`
        403 Forbidden: workspaces.tenancy.kcp.io "unwanted" is forbidden: workspace type root:root cannot have any parent
        {group: tenancy.kcp.io, kind: workspaces, name: unwanted}
      `);
    });
    test.each(["Upper", "dots.in", "x".repeat(64), "-dash", "1digit"])("the name %s", async (name) => {
      expect(await root().post(`${workspaces}?dryRun=All`, workspace(name))).toMatchSnapshot();
    });
    test("a type's name with a digit in front", async () => {
      expect(await refused({ type: { name: "1abc", path: "root" } })).toMatchInlineSnapshot(`
        403 Forbidden: workspaces.tenancy.kcp.io "unwanted" is forbidden: Internal error occurred: workspacetypes.tenancy.kcp.io "root:1abc" not found
        {group: tenancy.kcp.io, kind: workspaces, name: unwanted}
      `);
    });
    test("a type's path that is none", async () => {
      expect(await refused({ type: { name: "universal", path: "Root" } })).toMatchInlineSnapshot(`
        403 Forbidden: workspaces.tenancy.kcp.io "unwanted" is forbidden: Internal error occurred: workspacetypes.tenancy.kcp.io "Root:universal" not found
        {group: tenancy.kcp.io, kind: workspaces, name: unwanted}
      `);
    });
    test("a type without a name", async () => {
      expect(await refused({ type: { path: "root:orgs" } })).toMatchInlineSnapshot(`
        201
        apiVersion: tenancy.kcp.io/v1alpha1
        kind: Workspace
        metadata:
          annotations:
            experimental.tenancy.kcp.io/owner: '{"username":"kcp-admin","uid":"<uid>","groups":["system:kcp:admin","system:authenticated"]}'
          generation: 1
          name: unwanted
        spec:
          type:
            name: organization
            path: root
        status:
          phase: Scheduling
      `);
    });
    test("users without the right to use a type", async () => {
      const api = home.api();
      await api.post(
        "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
        clusterRoleBinding("bob", "cluster-admin", "bob"),
      );
      const bob = home.api(server().bob);
      await eventually(async () => expect((await bob.get(workspaces)).code).toBe(200));
      expect(
        await bob.post(workspaces, workspace("bobs", { type: { name: "account", path: "root" } })),
      ).toMatchInlineSnapshot(`
        403 Forbidden: workspaces.tenancy.kcp.io "bobs" is forbidden: unable to use workspace type root:security: missing verb='use' permission on workspacetype
        {group: tenancy.kcp.io, kind: workspaces, name: bobs}
      `);
    });
  });

  describe("changes of workspaces", () => {
    const name = unique("changed");
    const patch = async (body: object, sub = "") => {
      await makeOnce();
      return root().patch(`${workspaces}/${name}${sub}`, body);
    };
    let made: Promise<string> | undefined;
    const makeOnce = () => (made ??= make(name));
    test("the type's name is immutable", async () => {
      expect(await patch({ spec: { type: { name: "team" } } })).toMatchInlineSnapshot(`
        422 Invalid: Workspace.tenancy.kcp.io "changed" is invalid:
        - FieldValueInvalid: spec.type: Invalid value: name is immutable
        {group: tenancy.kcp.io, kind: Workspace, name: changed}
      `);
    });
    test("the type's path is immutable", async () => {
      expect(await patch({ spec: { type: { path: "root:other" } } })).toMatchInlineSnapshot(`
        422 Invalid: Workspace.tenancy.kcp.io "changed" is invalid:
        - FieldValueInvalid: spec.type: Invalid value: path is immutable
        {group: tenancy.kcp.io, kind: Workspace, name: changed}
      `);
    });
    test("the type stays", async () => {
      expect(await patch({ spec: { type: null } })).toMatchInlineSnapshot(`
        403 Forbidden: workspaces.tenancy.kcp.io "changed" is forbidden: spec.type: Invalid value: null: field is immutable
        {group: tenancy.kcp.io, kind: workspaces, name: changed}
      `);
    });
    test("the cluster is immutable", async () => {
      expect(await patch({ spec: { cluster: "another" } })).toMatchInlineSnapshot(`
        422 Invalid: Workspace.tenancy.kcp.io "changed" is invalid:
        - FieldValueInvalid: spec.cluster: Invalid value: "another": cluster is immutable
        {group: tenancy.kcp.io, kind: Workspace, name: changed}
      `);
    });
    test("the cluster stays", async () => {
      expect(await patch({ spec: { cluster: null } })).toMatchInlineSnapshot(`
        422 Invalid: Workspace.tenancy.kcp.io "changed" is invalid:
        - FieldValueInvalid: spec: Invalid value: cluster cannot be unset
        {group: tenancy.kcp.io, kind: Workspace, name: changed}
      `);
    });
    test("the URL stays", async () => {
      expect(await patch({ spec: { URL: null } })).toMatchInlineSnapshot(`
        422 Invalid: Workspace.tenancy.kcp.io "changed" is invalid:
        - FieldValueInvalid: spec: Invalid value: URL cannot be unset
        {group: tenancy.kcp.io, kind: Workspace, name: changed}
      `);
    });
    test("labels and annotations are free", async () => {
      expect((await patch({ metadata: { labels: { mine: "yes" } } })).code).toBe(200);
    });
    test("a phase that is none", async () => {
      expect(await patch({ status: { phase: "Sleeping" } }, "/status")).toMatchInlineSnapshot(`
        422 Invalid: Workspace.tenancy.kcp.io "changed" is invalid:
        - FieldValueInvalid: <nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation
        - FieldValueNotSupported: status.phase: Unsupported value: "Sleeping": supported values: "Scheduling", "Initializing", "Ready", "Unavailable"
        {group: tenancy.kcp.io, kind: Workspace, name: changed}
      `);
    });
    test("a LogicalCluster cannot be made", async () => {
      await makeOnce();
      const body = {
        apiVersion: "core.kcp.io/v1alpha1",
        kind: "LogicalCluster",
        metadata: { name: "other" },
        spec: {},
      };
      expect(
        await inside(`root:${name}`).post("/apis/core.kcp.io/v1alpha1/logicalclusters", body),
      ).toMatchInlineSnapshot(`
        422 Invalid: LogicalCluster.core.kcp.io "other" is invalid:
        - FieldValueNotSupported: metadata.name: Unsupported value: "other": supported values: "cluster"
        {group: core.kcp.io, kind: LogicalCluster, name: other}
      `);
    });
    test("a LogicalCluster cannot be deleted from the inside", async () => {
      await makeOnce();
      expect(await inside(`root:${name}`).delete(cluster)).toMatchInlineSnapshot(`
        403 Forbidden: logicalclusters.core.kcp.io "cluster" is forbidden: LogicalCluster cannot be deleted
        {group: core.kcp.io, kind: logicalclusters, name: cluster}
      `);
    });
  });

  describe("deletion of workspaces", () => {
    longCase("takes everything along, from below", async () => {
      const name = unique("parent");
      const id = await make(name);
      const inner = await makeWorkspace(`root:${name}`, "child");
      await inside(id).post(configMaps, configMap("content"));
      const answer = await root().delete(`${workspaces}/${name}`);
      expect([answer.code, typeof answer.at("metadata", "deletionTimestamp")]).toEqual([200, "string"]);
      await gone(`${workspaces}/${name}`);
      expect((await inside(id).get(cluster)).code).toBe(403);
      expect((await inside(inner).get(cluster)).code).toBe(403);
    });
    longCase("is told by a label and a phase", async () => {
      const name = unique("told");
      const id = await make(name);
      await inside(id).post(configMaps, configMap("held", {}, { finalizers: ["example.io/held"] }));
      await root().delete(`${workspaces}/${name}`);
      await eventually(async () => {
        const found = await root().get(`${workspaces}/${name}`);
        expect(found.at("metadata", "labels")).toEqual({ "tenancy.kcp.io/phase": "Deleting" });
      });
      await eventually(async () => {
        const condition = (
          (await inside(id).get(cluster)).at("status", "conditions") as readonly { type: string; reason?: string }[]
        ).find(({ type }) => type === "WorkspaceContentDeleted");
        expect(condition?.reason).toBe("SomeResourcesRemain");
      });
      await inside(id).patch(`${configMaps}/held`, { metadata: { finalizers: null } });
      await root().patch(`${workspaces}/${name}`, { metadata: { annotations: { nudge: "1" } } });
      await gone(`${workspaces}/${name}`);
    });
    longCase("forbids new content", async () => {
      const name = unique("ending");
      const id = await make(name);
      await inside(id).post(configMaps, configMap("held", {}, { finalizers: ["example.io/held"] }));
      await root().delete(`${workspaces}/${name}`);
      await eventually(async () => {
        const namespace = await inside(id).get("/api/v1/namespaces/default");
        expect(namespace.at("status", "phase")).toBe("Terminating");
      });
      await eventually(async () => {
        const answer = await inside(id).post(`${configMaps}?dryRun=All`, configMap("late"));
        expect(String(answer)).toContain(
          "unable to create new content in namespace default because it is being terminated",
        );
      });
      await inside(id).patch(`${configMaps}/held`, { metadata: { finalizers: null } });
      await gone(`${workspaces}/${name}`);
    });
  });

  describe("workspace types", () => {
    const dry = (spec: object, name = "tried") => home.api().post(`${types}?dryRun=All`, type(name, spec));
    test("get a default at type", async () => {
      expect((await dry({})).only("spec")).toMatchInlineSnapshot(`
        201
        spec:
          defaultChildWorkspaceType:
            name: universal
            path: root
      `);
    });
    test("limit with types or none, not with both", async () => {
      expect(await dry({ limitAllowedChildren: { none: true, types: [universal] } })).toMatchInlineSnapshot(`
        422 Invalid: WorkspaceType.tenancy.kcp.io "tried" is invalid:
        - FieldValueInvalid: <nil>: Invalid value: "": "spec.limitAllowedChildren" must validate one and only one schema (oneOf). Found 2 valid alternatives
        {group: tenancy.kcp.io, kind: WorkspaceType, name: tried}
      `);
    });
    test("limit with at least one type", async () => {
      expect(await dry({ limitAllowedParents: { types: [] } })).toMatchInlineSnapshot(`
        422 Invalid: WorkspaceType.tenancy.kcp.io "tried" is invalid:
        - FieldValueInvalid: spec.limitAllowedParents.types: Invalid value: 0: spec.limitAllowedParents.types in body should have at least 1 items
        {group: tenancy.kcp.io, kind: WorkspaceType, name: tried}
      `);
    });
    test("limit with something", async () => {
      expect(await dry({ limitAllowedParents: {} })).toMatchInlineSnapshot(`
        422 Invalid: WorkspaceType.tenancy.kcp.io "tried" is invalid:
        - FieldValueInvalid: <nil>: Invalid value: "": "spec.limitAllowedParents" must validate one and only one schema (oneOf). Found none valid
        - FieldValueRequired: spec.limitAllowedParents.none: Required value
        {group: tenancy.kcp.io, kind: WorkspaceType, name: tried}
      `);
    });
    test("have two lifecycles of default bindings", async () => {
      expect(await dry({ defaultAPIBindingLifecycle: "Sometimes" })).toMatchInlineSnapshot(`
        422 Invalid: WorkspaceType.tenancy.kcp.io "tried" is invalid:
        - FieldValueNotSupported: spec.defaultAPIBindingLifecycle: Unsupported value: "Sometimes": supported values: "InitializeOnly", "Maintain"
        {group: tenancy.kcp.io, kind: WorkspaceType, name: tried}
      `);
    });
    test("name exports that exist and may be bound", async () => {
      const answer = await dry({ defaultAPIBindings: [{ path: "root", export: "none" }] });
      expect(answer).toMatchInlineSnapshot(`
        201
        apiVersion: tenancy.kcp.io/v1alpha1
        kind: WorkspaceType
        metadata:
          annotations:
            kcp.io/path: root:workspaces
          generation: 1
          name: tried
        spec:
          defaultAPIBindings:
            - {export: none, path: root}
          defaultChildWorkspaceType:
            name: universal
            path: root
      `);
    });
    test.each(["any", "system", "Upper", "dots.in"])("may not be called %s", async (name) => {
      expect(await dry({}, name)).toMatchSnapshot();
    });
    test("say where their virtual workspaces are", async () => {
      const name = unique("served");
      await home.api().post(types, type(name, { initializer: true }));
      await eventually(async () => {
        const answer = await home.api().get(`${types}/${name}`);
        // kcp writes them one after the other.
        const shown = [answer.at("status", "virtualWorkspaces")].flat().map((each) => Object(each).type);
        expect(shown).toEqual(["initializing", "terminating"]);
      });
      expect((await home.api().get(`${types}/${name}`)).only("status.virtualWorkspaces")).toMatchInlineSnapshot(`
        200
        status.virtualWorkspaces:
          - type: initializing
            url: <server>/services/initializingworkspaces/<id of workspaces>:served
          - type: terminating
            url: <server>/services/terminatingworkspaces/<id of workspaces>:served
      `);
    });
    test("limit the children of their workspaces, with all that they extend", async () => {
      const [alone, parent] = [unique("childless"), unique("barren")];
      await home
        .api()
        .post(types, type(alone, { limitAllowedChildren: { none: true }, extend: { with: [universal] } }));
      await makeWorkspace(home.path, parent, { type: { name: alone, path: home.path } });
      expect(await inside(`${home.path}:${parent}`).post(workspaces, workspace("child"))).toMatchInlineSnapshot(`
        403 Forbidden: workspaces.tenancy.kcp.io "child" is forbidden: workspace type root:workspaces:childless cannot have any child
        {group: tenancy.kcp.io, kind: workspaces, name: child}
      `);
    });
    test("limit by the types that a child's type extends", async () => {
      const [picky, kin, parent] = [unique("picky"), unique("kin"), unique("choosing")];
      await home.api().post(types, type(kin, { extend: { with: [universal] } }));
      await home.api().post(
        types,
        type(picky, {
          limitAllowedChildren: { types: [{ name: kin, path: home.path }] },
          extend: { with: [universal] },
        }),
      );
      await makeWorkspace(home.path, parent, { type: { name: picky, path: home.path } });
      const api = inside(`${home.path}:${parent}`);
      expect(await api.post(workspaces, workspace("child"))).toMatchInlineSnapshot(`
        403 Forbidden: workspaces.tenancy.kcp.io "child" is forbidden: workspace type root:workspaces:picky only allows [root:workspaces:kin] child workspaces, but child type root:universal only implements [root:universal]
        {group: tenancy.kcp.io, kind: workspaces, name: child}
      `);
      expect(
        (await api.post(`${workspaces}?dryRun=All`, workspace("child", { type: { name: kin, path: home.path } }))).code,
      ).toBe(201);
    });
    test("label their workspaces", async () => {
      const [labelled, name] = [unique("labelled"), unique("label")];
      await home
        .api()
        .post(types, type(labelled, { additionalWorkspaceLabels: { color: "red" }, extend: { with: [universal] } }));
      await makeWorkspace(home.path, name, { type: { name: labelled, path: home.path } });
      await eventually(async () => {
        const found = await home.api().get(`${workspaces}/${name}`);
        expect(found.at("metadata", "labels")).toMatchObject({ color: "red", "tenancy.kcp.io/phase": "Ready" });
      });
    });
    test("bind by default, with all claims accepted", async () => {
      const [binding, name] = [unique("binding"), unique("default")];
      const path = "root:platform-mesh-system";
      const entry = { path, export: "core.platform-mesh.io" };
      await home.api().post(types, type(binding, { defaultAPIBindings: [entry], extend: { with: [universal] } }));
      await makeWorkspace(home.path, name, { type: { name: binding, path: home.path } });
      const list = await inside(`${home.path}:${name}`).get(bindings);
      const found = list.items().find((item) => JSON.stringify(item).includes(`"path":"${path}"`)) ?? null;
      const claims = at(found, "spec", "permissionClaims") as readonly {
        resource: string;
        state: string;
        selector: object;
      }[];
      expect(
        claims.map(({ resource, state, selector }) => `${resource} ${state} ${JSON.stringify(selector)}`),
      ).toMatchInlineSnapshot(`
        [
          workspaces Accepted {"matchAll":true},
          workspacetypes Accepted {"matchAll":true},
          apibindings Accepted {"matchAll":true},
          logicalclusters Accepted {"matchAll":true},
          events Accepted {"matchAll":true},
        ]
      `);
      expect(textAt(found, "metadata", "name")).toMatch(/^core\.platform-mesh\.io-[a-z0-9]{5}$/);
    });
  });

  describe("initializers", () => {
    const name = unique("initialized");
    const waiting = unique("waiting");
    const base = () => `/services/initializingworkspaces/${home.id}:${name}`;
    const list = () => server().api.get(`${base()}/clusters/*/apis/core.kcp.io/v1alpha1/logicalclusters`);
    let id = "";
    test("hold a workspace in Initializing", async () => {
      await home.api().post(types, type(name, { initializer: true, extend: { with: [universal] } }));
      await home.api().post(workspaces, workspace(waiting, { type: { name, path: home.path } }));
      await eventually(async () => {
        const found = await home.api().get(`${workspaces}/${waiting}`);
        expect(found.at("status", "phase")).toBe("Initializing");
        expect(found.at("status", "initializers")).toEqual([`${home.id}:${name}`]);
      });
      const found = await home.api().get(`${workspaces}/${waiting}`);
      id = found.text("spec", "cluster");
      callIt(id, "<id of waiting>");
      await eventually(async () => {
        const again = await home.api().get(`${workspaces}/${waiting}`);
        expect(again.at("status", "conditions")).toContainEqual(
          expect.objectContaining({ reason: "InitializerExists" }),
        );
      });
    });
    test("show the workspace in their virtual workspace", async () => {
      await eventually(async () => expect((await list()).items()).toHaveLength(1));
      const [found] = (await list()).items();
      expect(at(found, "status", "initializers")).toEqual([`${home.id}:${name}`]);
    });
    test("give access to the content of the workspace", async () => {
      const api = server().api.below(`${base()}/clusters/${id}`);
      expect((await api.get("/api/v1/namespaces")).code).toBe(200);
      expect((await api.post("/api/v1/namespaces/default/configmaps", configMap("made"))).code).toBe(201);
    });
    test("let nobody without the right in", async () => {
      expect(
        await server().api.as(server().alice).get(`${base()}/clusters/*/apis/core.kcp.io/v1alpha1/logicalclusters`),
      ).toMatchInlineSnapshot(`
        403 Forbidden: logicalclusters.core.kcp.io is forbidden: User "alice" cannot list resource "logicalclusters" in API group "core.kcp.io" at the cluster scope: access denied
        {group: core.kcp.io, kind: logicalclusters}
      `);
    });
    test("cannot be removed but by their own virtual workspace", async () => {
      const answer = await server().api.patch(`${base()}/clusters/${id}${cluster}/status`, {
        status: { initializers: ["other"] },
      });
      expect(answer).toMatchInlineSnapshot(`
        422 Invalid: LogicalCluster.tenancy.kcp.io "cluster" is invalid:
        - FieldValueInvalid: status.initializers: Invalid value: ["other"]: only removing the "<id of workspaces>:initialized" initializer is supported
        {group: tenancy.kcp.io, kind: LogicalCluster, name: cluster}
      `);
    });
    test("end with a patch of the status, and the workspace is Ready", async () => {
      const answer = await server().api.patch(`${base()}/clusters/${id}${cluster}/status`, {
        status: { initializers: [] },
      });
      expect(answer.code).toBe(200);
      await eventually(async () => {
        expect((await home.api().get(`${workspaces}/${waiting}`)).at("status", "phase")).toBe("Ready");
      });
      await eventually(async () => expect((await list()).items()).toHaveLength(0));
      expect((await inside(id).get(`${configMaps}/made`)).code).toBe(200);
    });
    test("show no longer what is Ready", async () => {
      expect(await server().api.get(`${base()}/clusters/${id}${cluster}`)).toMatchInlineSnapshot(`
        404 NotFound: logicalclusters.core.kcp.io "cluster" not found
        {group: core.kcp.io, kind: logicalclusters, name: cluster}
      `);
    });
  });

  describe("terminators", () => {
    const name = unique("terminated");
    const ending = unique("ended");
    const base = () => `/services/terminatingworkspaces/${home.id}:${name}`;
    const list = () => server().api.get(`${base()}/clusters/*/apis/core.kcp.io/v1alpha1/logicalclusters`);
    let id = "";
    test("hold a workspace that is being deleted", async () => {
      await home.api().post(types, type(name, { terminator: true, extend: { with: [universal] } }));
      id = await makeWorkspace(home.path, ending, { type: { name, path: home.path } });
      callIt(id, "<id of ended>");
      expect((await home.api().get(`${workspaces}/${ending}`)).at("status", "terminators")).toEqual([
        `${home.id}:${name}`,
      ]);
      expect((await list()).items()).toHaveLength(0);
      await home.api().delete(`${workspaces}/${ending}`);
      await eventually(async () => expect((await list()).items()).toHaveLength(1));
    });
    test("end with a patch of the status, and the workspace is gone", async () => {
      const answer = await server().api.patch(`${base()}/clusters/${id}${cluster}/status`, {
        status: { terminators: [] },
      });
      expect(answer.code).toBe(200);
      await eventually(async () => expect((await home.api().get(`${workspaces}/${ending}`)).code).toBe(404));
      expect((await list()).items()).toHaveLength(0);
    });
  });
}

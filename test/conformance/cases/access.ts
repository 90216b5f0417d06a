import { beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../eventually.ts";
import { account, clusterRole, clusterRoleBinding, configMap } from "../objects.ts";
import { accounts, bindings, configMaps, makeWorkspace, room, server, unique, workspaces } from "../world.ts";

const rbac = "/apis/rbac.authorization.k8s.io/v1";
const roles = `${rbac}/clusterroles`;
const roleBindings = `${rbac}/clusterrolebindings`;

export function accessCases(): void {
  const home = room("access");
  const alice = () => home.api(server().alice);
  const bob = () => home.api(server().bob);
  const nobody = () => server().api.as(undefined);

  describe("who asks", () => {
    test("a token that nobody has is refused", async () => {
      expect(await server().api.as("nothing").get("/clusters/root/api")).toMatchInlineSnapshot(
        `401 Unauthorized: Unauthorized`,
      );
    });
    test("anybody may ask for health, and not for the version", async () => {
      expect((await nobody().get("/healthz")).code).toBe(200);
      expect(await nobody().get("/version")).toMatchInlineSnapshot(
        `403 Forbidden: forbidden: User "system:anonymous" cannot get path "/version": access denied`,
      );
    });
    test("nobody may see nothing of a workspace", async () => {
      expect(await nobody().get(`/clusters/root${workspaces}`)).toMatchInlineSnapshot(`
        403 Forbidden: workspaces.tenancy.kcp.io is forbidden: User "system:anonymous" cannot list resource "workspaces" in API group "tenancy.kcp.io" at the cluster scope: access denied
        {group: tenancy.kcp.io, kind: workspaces}
      `);
    });
    test("nobody may not even discover", async () => {
      expect(await nobody().get("/clusters/root/apis")).toMatchInlineSnapshot(
        `403 Forbidden: forbidden: User "system:anonymous" cannot get path "/apis": access denied`,
      );
    });
    test("a user learns who it is", async () => {
      const review = { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" };
      const answer = await server()
        .api.as(server().alice)
        .post("/clusters/root/apis/authentication.k8s.io/v1/selfsubjectreviews", review);
      expect(
        answer.only("status.userInfo.username", "status.userInfo.groups", "status.userInfo.uid"),
      ).toMatchInlineSnapshot(`
        201
        status.userInfo.groups:
          - system:authenticated
        status.userInfo.uid: alice
        status.userInfo.username: alice
      `);
    });
  });

  describe("without access to a workspace", () => {
    test("a list is refused", async () => {
      expect(await alice().get(accounts)).toMatchInlineSnapshot(`
        403 Forbidden: accounts.core.platform-mesh.io is forbidden: User "alice" cannot list resource "accounts" in API group "core.platform-mesh.io" at the cluster scope: access denied
        {group: core.platform-mesh.io, kind: accounts}
      `);
    });
    test("an object is refused", async () => {
      expect(await alice().get(`${configMaps}/x`)).toMatchInlineSnapshot(`
        403 Forbidden: configmaps "x" is forbidden: User "alice" cannot get resource "configmaps" in API group "" in the namespace "default": access denied
        {kind: configmaps, name: x}
      `);
    });
    test("a write is refused", async () => {
      expect(await alice().post(accounts, account("x"))).toMatchInlineSnapshot(`
        403 Forbidden: accounts.core.platform-mesh.io is forbidden: User "alice" cannot create resource "accounts" in API group "core.platform-mesh.io" at the cluster scope: access denied
        {group: core.platform-mesh.io, kind: accounts}
      `);
    });
    test("a write to status is refused", async () => {
      expect(await alice().patch(`${accounts}/x/status`, {})).toMatchInlineSnapshot(`
        403 Forbidden: accounts.core.platform-mesh.io "x" is forbidden: User "alice" cannot patch resource "accounts/status" in API group "core.platform-mesh.io" at the cluster scope: access denied
        {group: core.platform-mesh.io, kind: accounts, name: x}
      `);
    });
    test("a watch is refused", async () => {
      expect(await alice().get(`${accounts}?watch=true`)).toMatchInlineSnapshot(`
        403 Forbidden: accounts.core.platform-mesh.io is forbidden: User "alice" cannot watch resource "accounts" in API group "core.platform-mesh.io" at the cluster scope: access denied
        {group: core.platform-mesh.io, kind: accounts}
      `);
    });
    test("a deletion of a collection is refused", async () => {
      expect(await alice().delete(configMaps)).toMatchInlineSnapshot(`
        403 Forbidden: configmaps is forbidden: User "alice" cannot deletecollection resource "configmaps" in API group "" in the namespace "default": access denied
        {kind: configmaps}
      `);
    });
    test("discovery is refused", async () => {
      expect(await alice().get("/apis")).toMatchInlineSnapshot(
        `403 Forbidden: forbidden: User "alice" cannot get path "/apis": access denied`,
      );
    });
    test("discovery of a group is refused", async () => {
      expect(await alice().get("/apis/core.platform-mesh.io/v1alpha1")).toMatchInlineSnapshot(
        `403 Forbidden: forbidden: User "alice" cannot get path "/apis/core.platform-mesh.io/v1alpha1": access denied`,
      );
    });
    test("a type that is not served is refused in the same way", async () => {
      expect(await alice().get("/apis/nothing.io/v1/things")).toMatchInlineSnapshot(`
        403 Forbidden: things.nothing.io is forbidden: User "alice" cannot list resource "things" in API group "nothing.io" at the cluster scope: access denied
        {group: nothing.io, kind: things}
      `);
    });
    test("a workspace that does not exist is refused, and not told to be absent", async () => {
      const api = server().api.as(server().alice).below("/clusters/root:none");
      expect(await api.get(configMaps)).toMatchInlineSnapshot(`
        404 NotFound: workspaces.tenancy.kcp.io "root:none" not found
        {group: tenancy.kcp.io, kind: workspaces, name: root:none}
      `);
    });
    test("the same for an administrator", async () => {
      expect(await server().api.below("/clusters/root:none").get(configMaps)).toMatchInlineSnapshot(`
        404 NotFound: workspaces.tenancy.kcp.io "root:none" not found
        {group: tenancy.kcp.io, kind: workspaces, name: root:none}
      `);
      expect(await server().api.below("/clusters/root:none:deep").get("/apis")).toMatchInlineSnapshot(`
        404 NotFound: workspaces.tenancy.kcp.io "root:none:deep" not found
        {group: tenancy.kcp.io, kind: workspaces, name: root:none:deep}
      `);
      expect(await server().api.below("/clusters/nothing").get(configMaps)).toMatchInlineSnapshot(`
        403 Forbidden: configmaps is forbidden: User "kcp-admin" cannot list resource "configmaps" in API group "" in the namespace "default": access denied
        {kind: configmaps}
      `);
    });
    test("a path that is none", async () => {
      expect(await server().api.below("/clusters/Not!A:Path").get(configMaps)).toMatchInlineSnapshot(
        `400 BadRequest: invalid cluster: "Not!A:Path" does not match the regex`,
      );
    });
    test("all workspaces at once are for those who run the server", async () => {
      expect(await server().api.below("/clusters/*").get(accounts)).toMatchInlineSnapshot(`
        403 Forbidden: accounts.core.platform-mesh.io is forbidden: User "kcp-admin" cannot list resource "accounts" in API group "core.platform-mesh.io" at the cluster scope: access denied
        {group: core.platform-mesh.io, kind: accounts}
      `);
      expect(await server().api.as(server().alice).below("/clusters/*").get(accounts)).toMatchInlineSnapshot(`
        403 Forbidden: accounts.core.platform-mesh.io is forbidden: User "alice" cannot list resource "accounts" in API group "core.platform-mesh.io" at the cluster scope: access denied
        {group: core.platform-mesh.io, kind: accounts}
      `);
    });
    test("outside of workspaces nothing is served", async () => {
      expect(await server().api.get(accounts)).toMatchInlineSnapshot(`
        403 Forbidden: accounts.core.platform-mesh.io is forbidden: User "kcp-admin" cannot list resource "accounts" in API group "core.platform-mesh.io" at the cluster scope: access denied
        {group: core.platform-mesh.io, kind: accounts}
      `);
      expect(await server().api.as(server().alice).get("/api/v1/namespaces")).toMatchInlineSnapshot(`
        403 Forbidden: namespaces is forbidden: User "alice" cannot list resource "namespaces" in API group "" at the cluster scope: access denied
        {kind: namespaces}
      `);
    });
    test("root is open to everybody for types and nothing more", async () => {
      const root = server().api.as(server().alice).below("/clusters/root");
      expect((await root.get("/apis")).code).toBe(200);
      expect((await root.get("/apis/tenancy.kcp.io/v1alpha1/workspacetypes")).names()).toMatchInlineSnapshot(`
        [
          account,
          home,
          org,
          organization,
          orgs,
          provider,
          providers,
          root,
          security,
          team,
          universal,
        ]
      `);
      expect(await root.get("/api/v1/secrets")).toMatchInlineSnapshot(`
        403 Forbidden: secrets is forbidden: User "alice" cannot list resource "secrets" in API group "" at the cluster scope: access denied
        {kind: secrets}
      `);
    });
    test("root:orgs shows nothing of its children", async () => {
      const orgs = server().api.as(server().alice).below("/clusters/root:orgs");
      expect(await orgs.get(workspaces)).toMatchInlineSnapshot(`
        403 Forbidden: workspaces.tenancy.kcp.io is forbidden: User "alice" cannot list resource "workspaces" in API group "tenancy.kcp.io" at the cluster scope: access denied
        {group: tenancy.kcp.io, kind: workspaces}
      `);
      expect(await orgs.get(accounts)).toMatchInlineSnapshot(`
        403 Forbidden: accounts.core.platform-mesh.io is forbidden: User "alice" cannot list resource "accounts" in API group "core.platform-mesh.io" at the cluster scope: access denied
        {group: core.platform-mesh.io, kind: accounts}
      `);
    });
  });

  describe("with rights", () => {
    const may = (who: "alice" | "bob", verb: string, path = accounts) =>
      eventually(async () => expect((await (who === "alice" ? alice() : bob()).get(path)).code, verb).toBe(200));

    beforeAll(async () => {
      await home
        .api()
        .post(roles, clusterRole("reader", { apiGroups: [""], resources: ["configmaps"], verbs: ["get", "list"] }));
      await home.api().post(roleBindings, clusterRoleBinding("enter", "system:kcp:workspace:access", "alice"));
      await home.api().post(roleBindings, clusterRoleBinding("read", "reader", "alice"));
      await home.api().post(roleBindings, clusterRoleBinding("admin", "cluster-admin", "bob"));
      await Promise.all([may("alice", "list", configMaps), may("bob", "list")]);
    });
    test("a reader reads and does not write", async () => {
      expect(await alice().post(configMaps, configMap("x"))).toMatchInlineSnapshot(`
        403 Forbidden: configmaps is forbidden: User "alice" cannot create resource "configmaps" in API group "" in the namespace "default": access denied
        {kind: configmaps}
      `);
    });
    test("a reader may not read what is not named", async () => {
      expect(await alice().get(accounts)).toMatchInlineSnapshot(`
        403 Forbidden: accounts.core.platform-mesh.io is forbidden: User "alice" cannot list resource "accounts" in API group "core.platform-mesh.io" at the cluster scope: access denied
        {group: core.platform-mesh.io, kind: accounts}
      `);
    });
    test("a reader may read cluster-wide", async () => {
      expect((await alice().get("/api/v1/configmaps")).code).toBe(200);
    });
    test("who has access may discover", async () => {
      expect((await alice().get("/apis/core.platform-mesh.io/v1alpha1")).code).toBe(200);
    });
    test("who is asked for may be reviewed", async () => {
      const ask = async (verb: string, resource: string) => {
        const body = {
          apiVersion: "authorization.k8s.io/v1",
          kind: "SelfSubjectAccessReview",
          spec: { resourceAttributes: { verb, resource, namespace: "default" } },
        };
        const answer = await alice().post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", body);
        return [answer.code, answer.at("status", "allowed")];
      };
      expect(await ask("list", "configmaps")).toEqual([201, true]);
      expect(await ask("delete", "configmaps")).toEqual([201, false]);
      expect(await ask("list", "secrets")).toEqual([201, false]);
    });
    test("cluster-admin is enough to enter", async () => {
      expect((await bob().post(configMaps, configMap("bobs"))).code).toBe(201);
    });
    test("rights in a workspace are none below it", async () => {
      await makeWorkspace(home.path, "below");
      const below = server().api.as(server().bob).below(`/clusters/${home.path}:below`);
      expect(await below.get(configMaps)).toMatchInlineSnapshot(`
        403 Forbidden: configmaps is forbidden: User "bob" cannot list resource "configmaps" in API group "" in the namespace "default": access denied
        {kind: configmaps}
      `);
    });
    test("a right that is taken away is gone", async () => {
      await home.api().delete(`${roleBindings}/read`);
      await eventually(async () => expect((await alice().get(configMaps)).code).toBe(403));
    });
  });

  describe("maximal permissions of bound types", () => {
    test("an administrator of a workspace may not write status", async () => {
      await bob().post(accounts, account("bobs"));
      expect(await bob().patch(`${accounts}/bobs/status`, { status: { phase: "Ready" } })).toMatchInlineSnapshot(`
        403 Forbidden: accounts.core.platform-mesh.io "bobs" is forbidden: User "bob" cannot patch resource "accounts/status" in API group "core.platform-mesh.io" at the cluster scope: access denied
        {group: core.platform-mesh.io, kind: accounts, name: bobs}
      `);
    });
    test("nor write an AccountInfo", async () => {
      const infos = accounts.replace("accounts", "accountinfos");
      const body = { apiVersion: "core.platform-mesh.io/v1alpha1", kind: "AccountInfo", metadata: { name: "account" } };
      expect(await bob().post(infos, body)).toMatchInlineSnapshot(`
        403 Forbidden: accountinfos.core.platform-mesh.io is forbidden: User "bob" cannot create resource "accountinfos" in API group "core.platform-mesh.io" at the cluster scope: access denied
        {group: core.platform-mesh.io, kind: accountinfos}
      `);
      expect((await bob().get(infos)).code).toBe(200);
    });
    test("but may write Accounts", async () => {
      expect((await bob().patch(`${accounts}/bobs`, { spec: { description: "x" } })).code).toBe(200);
    });
    test("who may not bind an export may not make a binding", async () => {
      const name = unique("unbound");
      const body = {
        apiVersion: "apis.kcp.io/v1alpha2",
        kind: "APIBinding",
        metadata: { name },
        spec: { reference: { export: { path: "root:platform-mesh-system", name: "core.platform-mesh.io" } } },
      };
      expect(await bob().post(bindings, body)).toMatchInlineSnapshot(`
        403 Forbidden: apibindings.apis.kcp.io "unbound" is forbidden: unable to create APIBinding: no permission to bind to export root:platform-mesh-system:core.platform-mesh.io
        {group: apis.kcp.io, kind: apibindings, name: unbound}
      `);
    });
  });
}

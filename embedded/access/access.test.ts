import { afterAll, beforeAll, expect, test } from "vitest";
import { TestServer } from "../test-client.ts";
import { parseTokenFile } from "./users.ts";

let server: TestServer;
const rbac = "/clusters/root/apis/rbac.authorization.k8s.io/v1";
const namespaces = "/clusters/root/api/v1/namespaces";

beforeAll(async () => {
  const users = [
    { token: "alice", name: "alice" },
    { token: "bob", name: "bob", groups: ["team"] },
  ];
  server = await TestServer.start({ users });
});
afterAll(() => server[Symbol.asyncDispose]());

const as = (token: string, method: string, path: string, body?: object) => server.raw(method, path, body, { token });
const grant = async (name: string, rules: object, subject: object) => {
  const metadata = { name };
  const apiVersion = "rbac.authorization.k8s.io/v1";
  await server.raw("POST", `${rbac}/clusterroles`, { apiVersion, kind: "ClusterRole", metadata, rules: [rules] });
  const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name };
  const binding = { apiVersion, kind: "ClusterRoleBinding", metadata, roleRef, subjects: [subject] };
  await server.raw("POST", `${rbac}/clusterrolebindings`, binding);
};

test("a user reads a token file of kcp", () => {
  expect(parseTokenFile('t1,alice,a1\nt2,bob,b1,"one,two"\n\n')).toEqual([
    { token: "t1", name: "alice", uid: "a1", groups: [] },
    { token: "t2", name: "bob", uid: "b1", groups: ["one", "two"] },
  ]);
  expect(() => parseTokenFile("t1,alice,a1\nt2,bob")).toThrow("line 2 of the users has no token, name and uid");
});

test("strangers are told apart from those without rights", async () => {
  expect(await as("nobody", "GET", namespaces)).toMatchObject({ code: 401, body: { reason: "Unauthorized" } });
  const { code, body } = await as("alice", "GET", namespaces);
  expect(code).toBe(403);
  expect(body.message).toBe(
    'namespaces is forbidden: User "alice" cannot list resource "namespaces" in API group "" at the cluster scope: access denied',
  );
});

test("roles give users and groups exactly what they name", async () => {
  const rules = { apiGroups: [""], resources: ["namespaces"], resourceNames: ["default"], verbs: ["get"] };
  await grant("default-reader", rules, { kind: "Group", name: "team" });
  expect(await as("bob", "GET", `${namespaces}/default`)).toMatchObject({ code: 200 });
  expect(await as("bob", "GET", `${namespaces}/kube-system`)).toMatchObject({ code: 403 });
  expect(await as("alice", "GET", `${namespaces}/default`)).toMatchObject({ code: 403 });
});

test("the provider's maximal permissions bind even the administrator of a workspace", async () => {
  await grant("everything", { apiGroups: ["*"], resources: ["*"], verbs: ["*"] }, { kind: "User", name: "alice" });
  const types = "/clusters/root/apis/tenancy.kcp.io/v1alpha1/workspacetypes";
  expect(await as("alice", "GET", `${types}/team/status`)).toMatchObject({ code: 200 });
  const patch = (token: string) =>
    server.raw("PATCH", `${types}/team/status`, {}, { token, type: "application/merge-patch+json" });
  expect(await patch("alice")).toMatchObject({ code: 403 });
  expect(await patch(server.embedded.adminToken)).toMatchObject({ code: 200 });
});

test("everything at once is for the shard's administrator alone", async () => {
  expect(await server.raw("GET", "/clusters/*/api/v1/namespaces")).toMatchObject({ code: 403 });
});

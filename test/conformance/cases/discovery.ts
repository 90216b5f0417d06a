import { describe, expect, test } from "vitest";
import { at, isMap, type Json, yaml } from "../answer.ts";
import { room, server } from "../world.ts";

export function discoveryCases(): void {
  const home = room("discovery");
  type Resource = {
    readonly name: string;
    readonly kind: string;
    readonly namespaced: boolean;
    readonly verbs: readonly string[];
    readonly shortNames?: readonly string[];
    readonly categories?: readonly string[];
    readonly singularName: string;
  };
  const line = ({ name, singularName, kind, namespaced, verbs, shortNames = [], categories = [] }: Resource) =>
    [
      name,
      singularName || "-",
      kind,
      namespaced ? "namespaced" : "cluster",
      [...verbs].sort().join(","),
      shortNames.join(","),
      categories.join(","),
    ]
      .join(" ")
      .trimEnd();
  /** What the embedded control plane leaves out, as its README says. */
  const leftOut = ["apiconversions", "serviceaccounts/token"];
  const resources = async (path: string, api = home.api()) =>
    ((await api.get(path)).at("resources") as readonly Resource[])
      .filter(({ name }) => !leftOut.includes(name))
      .toSorted((one, other) => (one.name < other.name ? -1 : 1));

  describe("discovery", () => {
    test.each([
      "/apis/core.platform-mesh.io/v1alpha1",
      "/apis/tenancy.kcp.io/v1alpha1",
      "/apis/topology.kcp.io/v1alpha1",
      "/apis/apis.kcp.io/v1alpha1",
      "/apis/apis.kcp.io/v1alpha2",
      "/apis/core.kcp.io/v1alpha1",
      "/apis/rbac.authorization.k8s.io/v1",
      "/apis/coordination.k8s.io/v1",
      "/apis/authorization.k8s.io/v1",
      "/apis/authentication.k8s.io/v1",
    ])("the resources of %s", async (path) => {
      expect((await resources(path)).map(line).join("\n")).toMatchSnapshot();
    });
    test.each(["namespaces", "configmaps", "secrets", "events", "serviceaccounts", "resourcequotas"])(
      "the core resource %s",
      async (name) => {
        const found = (await resources("/api/v1")).filter(
          (each) => each.name === name || each.name.startsWith(`${name}/`),
        );
        expect(found.map(line).join("\n")).toMatchSnapshot();
      },
    );
    test("the core versions", async () => {
      expect(await home.api().get("/api")).toMatchInlineSnapshot(`
        200
        kind: APIVersions
        serverAddressByClientCIDRs:
          - clientCIDR: 0.0.0.0/0
            serverAddress: <host>
        versions:
          - v1
      `);
    });
    test.each(["core.platform-mesh.io", "apis.kcp.io", "rbac.authorization.k8s.io"])("the group %s", async (name) => {
      expect(await home.api().get(`/apis/${name}`)).toMatchSnapshot();
    });
    test("the groups of all bound types", async () => {
      const names = async (path: string) => {
        const groups = (await server().api.below(`/clusters/${path}`).get("/apis")).at("groups") as readonly {
          name: string;
        }[];
        return groups
          .map(({ name }) => name)
          .filter((name) => /kcp\.io$|platform-mesh\.io$/.test(name) && name !== "cache.kcp.io")
          .sort();
      };
      expect(await names(home.path)).toEqual([
        "apis.kcp.io",
        "core.kcp.io",
        "core.platform-mesh.io",
        "tenancy.kcp.io",
        "topology.kcp.io",
      ]);
      expect(await names("root")).toEqual(["apis.kcp.io", "core.kcp.io", "tenancy.kcp.io", "topology.kcp.io"]);
      expect(await names("root:orgs")).toEqual([
        "apis.kcp.io",
        "core.kcp.io",
        "core.platform-mesh.io",
        "tenancy.kcp.io",
        "topology.kcp.io",
      ]);
      expect(await names("root:platform-mesh-system")).toContain("core.platform-mesh.io");
    });
    test("is not served aggregated: who asks for it gets the plain list", async () => {
      const accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";
      expect((await home.api().get("/apis", { accept })).at("kind")).toBe("APIGroupList");
    });
  });

  describe("OpenAPI", () => {
    const document = "/openapi/v3/apis/core.platform-mesh.io/v1alpha1";
    test("lists a document of each group", async () => {
      const answer = await home.api().get("/openapi/v3");
      const paths = Object.keys(Object(answer.at("paths")));
      expect(paths).toEqual(
        expect.arrayContaining(["api/v1", "apis/core.platform-mesh.io/v1alpha1", "apis/tenancy.kcp.io/v1alpha1"]),
      );
      expect(answer.text("paths", "api/v1", "serverRelativeURL")).toMatch(
        /^\/openapi\/v3\/api\/v1(\?hash=[0-9A-F]+)?$/,
      );
    });
    test("describes Accounts", async () => {
      const schemas = (await home.api().get(document)).at("components", "schemas");
      const found = isMap(schemas) ? Object.entries(schemas).find(([name]) => name.endsWith(".Account")) : undefined;
      const [name, account = null] = found ?? [];
      expect(name).toMatchInlineSnapshot(`io.platform-mesh.core.v1alpha1.Account`);
      expect(at(account, "x-kubernetes-group-version-kind")).toEqual([
        { group: "core.platform-mesh.io", kind: "Account", version: "v1alpha1" },
      ]);
      expect(yaml(at(account, "properties", "spec"))).toMatchInlineSnapshot(`
        description: What is wanted.
        properties:
          creator:
            description: User who created this account.
            type: string
          data:
            description: Free form; children inherit it.
            x-kubernetes-preserve-unknown-fields: true
          description:
            description: What this account is for.
            type: string
          displayName:
            description: Name shown to people.
            maxLength: 255
            type: string
          extensions:
            description: Objects to make in the account's workspace, as Go templates.
            items: {properties: {apiVersion: {description: group/version of the object to make., type: string}, kind: {description: Kind of the object to make., type: string}, metadataGoTemplate: {description: Template of its metadata., x-kubernetes-preserve-unknown-fields: true}, readyConditionType: {description: Condition of the object that has to be True before this account is Ready; empty waits for none., type: string}, specGoTemplate: {description: Template of its spec., x-kubernetes-preserve-unknown-fields: true}}, required: [specGoTemplate], type: object}
            type: array
          type:
            description: '\`org\` directly in root:orgs, \`account\` below an org, or a type that the operator has added.'
            type: string
        required:
          - displayName
          - type
        type: object
      `);
    });
    test("has the paths of Accounts", async () => {
      const paths = (await home.api().get(document)).at("paths");
      expect(
        Object.keys(Object(paths))
          .filter((path) => path.includes("/accounts"))
          .sort(),
      ).toMatchInlineSnapshot(`
        [
          /apis/core.platform-mesh.io/v1alpha1/accounts,
          /apis/core.platform-mesh.io/v1alpha1/accounts/{name},
          /apis/core.platform-mesh.io/v1alpha1/accounts/{name}/status,
        ]
      `);
    });
    test("has the verbs of Accounts", async () => {
      const paths = (await home.api().get(document)).at("paths") as Readonly<Record<string, Json>>;
      const methods = Object.keys(Object(paths["/apis/core.platform-mesh.io/v1alpha1/accounts/{name}"]));
      expect(methods.filter((each) => each !== "parameters").sort()).toMatchInlineSnapshot(`
        [
          delete,
          get,
          patch,
          put,
        ]
      `);
    });
  });
}

import fc from "fast-check";
import { expect, test } from "vitest";
import { modelHash, sameModel } from "./canonical.ts";
import { ensureModel } from "./ensure-model.ts";
import { FgaError, type Model } from "./fga.ts";
import { hasRelation } from "./model-relations.ts";
import { composeModel, composeOrgsModel } from "./modules.ts";
import { relationFor } from "./names.ts";
import type { ApiResource } from "./resource-module.ts";
import { accountType } from "./tuples.ts";

const verbs = ["create", "delete", "get", "list", "patch", "update", "watch"];
const resource = (group: string, plural: string, more: Partial<ApiResource> = {}): ApiResource => ({
  group,
  version: "v1",
  plural,
  singular: plural.slice(0, -1),
  kind: plural,
  namespaced: true,
  verbs,
  ...more,
});
const configMaps = resource("", "configmaps");
const widgets = resource("example.com", "widgets", { namespaced: false });
const typesOf = (model: Model): readonly string[] =>
  (model.type_definitions as readonly { type: string }[]).map(({ type }) => type);
const extension = (name: string, ...lines: string[]) => ({ name, contents: `module ${name}\n${lines.join("\n")}\n` });

test("S2: the model has the core types, those of discovery, and nothing twice", async () => {
  const { model, leftOut, warnings } = await composeModel({ resources: [configMaps, widgets] });
  expect(model.schema_version).toBe("1.2");
  expect(typesOf(model)).toEqual([
    "user",
    "role",
    "core_platform-mesh_io_account",
    "core_platform-mesh_io_accountinfo",
    "core_platform-mesh_io_membership",
    "core_kcp_io_logicalcluster",
    "core_namespace",
    "apis_kcp_io_apiexport",
    "core_configmap",
    "example_com_widget",
  ]);
  expect([leftOut, warnings]).toEqual([[], []]);
  expect(hasRelation(model, "core_namespace", "create_core_configmaps")).toBe(true);
  expect(hasRelation(model, accountType, "create_example_com_widgets")).toBe(true);
});

test("S14: the same resources and modules make the same model, in any order and with any repetition", async () => {
  const resources = ["as", "bs", "cs"].map((plural) => resource("x.io", plural));
  const extensions = ["one", "two"].map((name) => extension(name, `type ${name}`));
  const { hash, model } = await composeModel({ resources, extensions });
  await fc.assert(
    fc.asyncProperty(
      fc.shuffledSubarray([...resources, ...resources], { minLength: 6 }),
      fc.shuffledSubarray([...extensions, ...extensions], { minLength: 4 }),
      async (some, others) => {
        const composed = await composeModel({ resources: some, extensions: others });
        expect([composed.hash, composed.model]).toEqual([hash, model]);
      },
    ),
    { numRuns: 10 },
  );
});

test("a resource that is served in two versions is one", async () => {
  const versions = ["v1", "v1beta1"].map((version) => resource("x.io", "things", { version }));
  expect((await composeModel({ resources: versions })).leftOut).toEqual([]);
});

test("decisions 33: nobody gets to write RBAC, to make workspaces, or anything of admission", async () => {
  const resources = [
    ...["roles", "rolebindings", "clusterroles", "clusterrolebindings"].map((name) =>
      resource("rbac.authorization.k8s.io", name, { namespaced: name.startsWith("r") }),
    ),
    resource("admissionregistration.k8s.io", "validatingadmissionpolicies", { singular: "validatingadmissionpolicy" }),
    resource("tenancy.kcp.io", "workspaces", { namespaced: false }),
  ];
  const { model, leftOut } = await composeModel({ resources });
  expect(leftOut).toEqual([]);
  const rbac = typesOf(model).filter((type) => type.startsWith("rbac_"));
  expect(rbac).toHaveLength(4);
  for (const type of [...rbac, "tenancy_kcp_io_workspace"]) {
    expect(hasRelation(model, type, "get")).toBe(true);
    for (const verb of ["create", "update", "patch", "bind", "escalate"])
      expect(hasRelation(model, type, verb)).toBe(false);
  }
  const text = JSON.stringify(model);
  expect(text).not.toContain("admissionregistration");
  for (const { group, plural } of resources) expect(text).not.toContain(relationFor("create", group, plural));
  expect(hasRelation(model, "tenancy_kcp_io_workspace", "delete")).toBe(false);
});

test.each([
  ["cannot be read", ["type"], "syntax error"],
  ["has a type of the model", ["type core_configmap"], "duplicate"],
  [
    "has a relation of the model",
    [`extend type ${accountType}`, "  relations", "    define delete: member"],
    "delete already exists",
  ],
  ["extends what is not there", ["extend type nothing", "  relations", "    define x: [user]"], "does not exist"],
  ["names a type that is not there", ["type thing", "  relations", "    define x: [nobody]"], "nobody"],
  [
    "gives rights to RBAC",
    [
      `extend type ${accountType}`,
      "  relations",
      `    define ${relationFor("create", "rbac.authorization.k8s.io", "clusterrolebindings")}: owner`,
    ],
    "rbac.authorization.k8s.io",
  ],
  [
    "gives rights to admission",
    ["type admissionregistration_k8s_io_x", "  relations", "    define get: [user]"],
    "admissionregistration.k8s.io",
  ],
  [
    "gives more than is served of RBAC",
    ["extend type rbac_authorization_k8s_io_role", "  relations", "    define escalate: owner"],
    "rbac.authorization.k8s.io",
  ],
  ["has too many types", Array.from({ length: 100 }, (_, index) => `type many${index}`), "OpenFGA takes 100"],
  ["is too long", [`# ${"x".repeat(70_000)}`], "more than 65536 bytes"],
])("8B.6: a module that %s is left out, and the others stay", async (_name, lines, reason) => {
  const resources = [configMaps, resource("rbac.authorization.k8s.io", "roles")];
  const good = [extension("aaa", "type aaa"), extension("zzz", "type zzz")];
  const bad = extension("bad", ...lines);
  const { model, leftOut } = await composeModel({ resources, extensions: [...good, bad] });
  expect(leftOut).toEqual([{ module: "bad", reason: expect.stringContaining(reason) }]);
  expect(typesOf(model)).toEqual(expect.arrayContaining(["aaa", "zzz", "core_configmap"]));
  expect(modelHash(model)).toBe((await composeModel({ resources, extensions: good })).hash);
});

test("8B.6: of two modules that define one type the first by name is taken", async () => {
  const extensions = [extension("b", "type thing"), extension("a", "type thing")];
  const { leftOut } = await composeModel({ resources: [], extensions });
  expect(leftOut.map(({ module }) => module)).toEqual(["b"]);
});

test("8B.6: a module may extend a type of another, even beside a bad one", async () => {
  const extensions = [
    extension("a", "extend type later", "  relations", "    define more: [user]"),
    extension("b", "type later", "  relations", "    define x: [user]"),
    extension("c", "type"),
  ];
  const { model, leftOut } = await composeModel({ resources: [], extensions });
  expect(leftOut.map(({ module }) => module)).toEqual(["c"]);
  expect(hasRelation(model, "later", "more")).toBe(true);
});

test("8B.6: an API that clashes with the core is left out and the org keeps its model", async () => {
  const accounts = resource("core.platform-mesh.io", "accounts", { singular: "imitation", namespaced: false });
  const strange = resource("x.io", "a b");
  const { model, leftOut } = await composeModel({ resources: [accounts, strange, widgets] });
  expect(leftOut.map(({ module }) => module).toSorted()).toEqual(["a b.x.io", "accounts.core.platform-mesh.io"]);
  expect(typesOf(model)).toContain("example_com_widget");
});

test("8B.6: more APIs than OpenFGA takes types: the model is full, says so, and what is too much is left out", async () => {
  const resources = Array.from({ length: 120 }, (_, index) => resource("x.io", `thing${index}s`));
  const { model, leftOut, warnings } = await composeModel({ resources });
  expect(model.type_definitions).toHaveLength(100);
  expect(leftOut).toHaveLength(28);
  expect(warnings).toEqual(["the model has 100 types, OpenFGA takes 100"]);
});

test("a review, which is only posted, has its relation and needs no type", async () => {
  const review = resource("authorization.k8s.io", "selfsubjectaccessreviews", { namespaced: false, verbs: ["create"] });
  const { model } = await composeModel({ resources: [review] });
  expect(typesOf(model)).toHaveLength(8);
  const relation = relationFor("create", "authorization.k8s.io", "selfsubjectaccessreviews");
  expect(hasRelation(model, accountType, relation)).toBe(true);
});

test("what is only got, one by one, has a type and no relation of its parent", async () => {
  const { model, leftOut } = await composeModel({ resources: [resource("x.io", "scores", { verbs: ["get"] })] });
  expect(leftOut).toEqual([]);
  expect(hasRelation(model, "x_io_score", "get")).toBe(true);
  expect(hasRelation(model, "core_namespace", relationFor("list", "x.io", "scores"))).toBe(false);
});

test("8B.6: a model that OpenFGA gives back is the same as the one that was written, and another is not", async () => {
  const written = await composeOrgsModel();
  const given = JSON.parse(JSON.stringify(written), (key, value) =>
    key === "computedUserset" ? { object: "", ...value } : key === "metadata" ? { ...value, source_info: null } : value,
  );
  expect(sameModel({ ...given, type_definitions: given.type_definitions.toReversed(), conditions: {} }, written)).toBe(
    true,
  );
  expect(sameModel(written, { ...written, type_definitions: written.type_definitions.slice(1) })).toBe(false);
  const changed = JSON.parse(JSON.stringify(written).replace('"wildcard":{}', '"relation":"assignee"'));
  expect(sameModel(written, changed)).toBe(false);
});

test("8B.6: an unchanged model is not written again", async () => {
  const { fga, written } = fakeModels();
  const first = await ensureModel(fga, { store: "s", resources: [configMaps] });
  const second = await ensureModel(fga, { store: "s", resources: [configMaps] });
  expect(first).toMatchObject({ id: "1", written: true });
  expect(second).toEqual({ ...first, written: false });
  expect(written).toHaveLength(1);
});

test("8B.6: what only OpenFGA itself finds wrong is left out too, and is no new model the next time", async () => {
  const { fga, written } = fakeModels("unloved");
  const given = {
    store: "s",
    resources: [configMaps],
    extensions: ["zzz", "unloved", "aaa"].map((name) => extension(name, `type ${name}`)),
  };
  const ensured = await ensureModel(fga, given);
  expect(ensured.leftOut).toEqual([{ module: "unloved", reason: expect.stringContaining("refused") }]);
  expect(typesOf(written.at(-1) ?? { schema_version: "", type_definitions: [] })).toEqual(
    expect.arrayContaining(["aaa", "zzz"]),
  );
});

/** Keeps models; refuses those that have a type. */
function fakeModels(refused = "nothing") {
  const written: Model[] = [];
  const fga = {
    async latestModel() {
      const model = written.at(-1);
      return model && { id: String(written.length), model };
    },
    async writeModel({ model }: { model: Model }) {
      if (typesOf(model).includes(refused)) throw new FgaError("refused", { problem: "refused", code: "invalid" });
      return String(written.push(model));
    },
  };
  return { fga, written };
}

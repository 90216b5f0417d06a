import fc from "fast-check";
import { expect, test } from "vitest";
import { groupName, relationFor, typeFor } from "./names.ts";

const verbs = ["create", "list", "watch"] as const;
const label = fc.stringMatching(/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/);
const group = fc.oneof(
  fc.constant(""),
  fc.constant("core"),
  fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join(".").slice(0, 253)),
);
const resource = fc.tuple(group, label);

test.each([
  ["", "core"],
  ["apps", "apps"],
  ["core.platform-mesh.io", "core_platform-mesh_io"],
])("group %j is called %s", (given, name) => expect(groupName(given)).toBe(name));

test("short names are those of the reference", () => {
  expect(relationFor("create", "core.platform-mesh.io", "accounts")).toBe("create_core_platform-mesh_io_accounts");
  expect(relationFor("list", "", "namespaces")).toBe("list_core_namespaces");
  expect(typeFor("apis.kcp.io", "apiexport")).toBe("apis_kcp_io_apiexport");
});

test("8B.6: a long name keeps its right end and gets a digest, the same with every verb", () => {
  const names = verbs.map((verb) => relationFor(verb, "core.platform-mesh.io", "identityproviderconfigurations"));
  expect(names[0]).toMatch(/^create_.*typroviderconfigurations_[0-9A-Z]{10}$/);
  expect(new Set(names.map((name) => name.slice(name.indexOf("_")))).size).toBe(1);
});

test("the group that is really called core is not the core group", () => {
  expect(typeFor("core", "configmap")).not.toBe(typeFor("", "configmap"));
});

test("8B.6: every name is one that OpenFGA takes", () => {
  fc.assert(
    fc.property(resource, fc.constantFrom(...verbs), ([group, name], verb) => {
      for (const made of [relationFor(verb, group, name), typeFor(group, name)])
        expect(made).toMatch(/^[a-z0-9][^:#@*\s]{0,49}$/i);
    }),
  );
});

test("8B.6: no two resources share a name", () => {
  fc.assert(
    fc.property(fc.uniqueArray(resource, { minLength: 2, selector: String }), (resources) => {
      expect(new Set(resources.map(([group, name]) => typeFor(group, name))).size).toBe(resources.length);
      expect(new Set(resources.map(([group, name]) => relationFor("create", group, name))).size).toBe(resources.length);
    }),
  );
});

test("8B.6: a resource that is named like the cut name of another gets another name", () => {
  const cut = typeFor("a-very-long-group-of-somebody.example.com", "identityproviderconfiguration");
  const at = cut.lastIndexOf("_");
  expect(typeFor(cut.slice(0, at).replaceAll("_", "."), cut.slice(at + 1).toLowerCase())).not.toBe(cut);
});

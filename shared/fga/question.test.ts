import { expect, test } from "vitest";
import { contextualTuples, namespaceObject, resourceObject } from "./question.ts";
import { accountType, formatTuple } from "./tuples.ts";

const dev = { cluster: "B", name: "dev" };
const object = "core_platform-mesh_io_account:B/dev";

test.each([
  [
    "a thing in a namespace",
    { namespace: "default", type: "core_configmap", name: "cm" },
    [`${object} parent core_namespace:D/default`, "core_namespace:D/default parent core_configmap:D/default/cm"],
  ],
  ["the things of a namespace", { namespace: "default" }, [`${object} parent core_namespace:D/default`]],
  ["a thing in no namespace", { type: "x_io_thing", name: "a" }, [`${object} parent x_io_thing:D/a`]],
  ["the things of the account", {}, []],
  ["a namespace", { type: "core_namespace", name: "default" }, [`${object} parent core_namespace:D/default`]],
  ["an account in it", { type: accountType, name: "sub" }, [`${object} parent ${accountType}:D/sub`]],
  [
    "a name with a colon",
    { type: "rbac_authorization_k8s_io_clusterrole", name: "system:admin" },
    [`${object} parent rbac_authorization_k8s_io_clusterrole:D/system%3Aadmin`],
  ],
])("S20: a question about %s knows where that lies", (_name, asked, expected) => {
  expect(contextualTuples({ account: dev, cluster: "D", ...asked }).map(formatTuple)).toEqual(expected);
});

test("S20: an account is not its own parent", () => {
  expect(contextualTuples({ account: dev, cluster: "B", type: accountType, name: "dev" })).toEqual([]);
});

test("two things of one name in two namespaces are two", () => {
  const inNamespace = (namespace: string) =>
    resourceObject({ cluster: "D", namespace, type: "core_secret", name: "x" });
  expect(inNamespace("a")).not.toBe(inNamespace("b"));
  expect(namespaceObject("D", "a")).toBe("core_namespace:D/a");
});

import type { JsonObject } from "../json.ts";
import { apiVersionOf, type ResourceType, type Version } from "../resources/resource-type.ts";

/** What `/api`, `/apis` and the paths below say about the types of a cluster. */
export class Discovery {
  readonly #types: readonly ResourceType[];
  readonly #address: string | undefined;

  /** A virtual workspace has no address of its own, and answers no questions. */
  constructor(types: readonly ResourceType[], address: string | undefined) {
    this.#types = address === undefined ? types : [...types, ...reviews];
    this.#address = address;
  }

  /** The answer to a path, or `undefined` if it names none. */
  answer(path: string): JsonObject | undefined {
    const [root, ...rest] = path.split("/").filter(Boolean);
    if (root !== "api" && root !== "apis") return undefined;
    if (root === "api") return rest.length === 0 ? this.#coreVersions() : this.#resources("", rest);
    if (rest.length === 0) return this.#groups();
    if (rest.length === 1) return this.#group(rest[0] ?? "");
    return this.#resources(rest[0] ?? "", rest.slice(1));
  }

  #coreVersions(): JsonObject {
    return { kind: "APIVersions", versions: ["v1"], ...this.#addresses() };
  }

  #addresses(): JsonObject {
    if (this.#address === undefined) return {};
    return { serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress: this.#address }] };
  }

  #groups(): JsonObject {
    const groups = this.#groupNames(false).map((name) => this.#groupOf(name));
    return { kind: "APIGroupList", apiVersion: "v1", groups };
  }

  #group(name: string): JsonObject | undefined {
    if (!this.#groupNames(false).includes(name)) return undefined;
    const { serverAddressByClientCIDRs: _addresses, ...group } = this.#groupOf(name);
    return { kind: "APIGroup", apiVersion: "v1", ...group };
  }

  #groupOf(name: string): JsonObject {
    const versions = this.#versions(name).map((version) => ({ groupVersion: `${name}/${version}`, version }));
    const [preferredVersion] = versions;
    return { name, versions, preferredVersion, ...this.#addresses() };
  }

  #groupNames(core: boolean): readonly string[] {
    return [...new Set(this.#types.map(({ group }) => group))].filter((group) => (group === "") === core);
  }

  #versions(group: string): readonly string[] {
    const names = this.#types.filter((type) => type.group === group).flatMap(({ versions }) => versions);
    return [...new Set(names.map(({ name }) => name))];
  }

  #served(group: string, version: string): readonly { readonly type: ResourceType; readonly version: Version }[] {
    return this.#types
      .filter((type) => type.group === group)
      .flatMap((type) =>
        type.versions.filter(({ name }) => name === version).map((found) => ({ type, version: found })),
      );
  }

  #resources(group: string, [version = "", ...rest]: readonly string[]): JsonObject | undefined {
    const served = this.#served(group, version);
    // kcp answers for any group and version, though nothing be in it.
    const isOpen = this.#address !== undefined && group !== "";
    if (rest.length > 0 || (served.length === 0 && !isOpen)) return undefined;
    const resources = served.flatMap(({ type, version: found }) => {
      const { plural, singular, namespaced, kind, shortNames, categories } = type;
      const verbs = verbsOf(type);
      const main = {
        name: plural,
        singularName: singular,
        namespaced,
        kind,
        verbs,
        ...(shortNames.length > 0 && { shortNames }),
        ...(categories.length > 0 && { categories }),
      };
      const below = (name: string, verbs: readonly string[]) => ({
        name: `${plural}/${name}`,
        singularName: "",
        namespaced,
        kind,
        verbs,
      });
      return [
        main,
        ...(kind === "Namespace" ? [below("finalize", ["update"])] : []),
        ...(found.hasStatus ? [below("status", statusVerbs)] : []),
      ];
    });
    return { kind: "APIResourceList", apiVersion: "v1", groupVersion: apiVersionOf(group, version), resources };
  }
}

const statusVerbs = ["get", "patch", "update"];
const allVerbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
const customVerbs = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];
function verbsOf(type: ResourceType): readonly string[] {
  if (reviews.includes(type)) return ["create"];
  if (!type.isNative) return customVerbs;
  return type.kind === "Namespace" ? allVerbs.filter((verb) => verb !== "deletecollection") : allVerbs;
}

/** Questions to the server, which are posted and not stored. */
const review = (group: string, kind: string, namespaced = false): ResourceType => ({
  group,
  kind,
  plural: `${kind.toLowerCase()}s`,
  singular: kind.toLowerCase(),
  listKind: "",
  shortNames: [],
  categories: [],
  namespaced,
  storage: "",
  storageVersion: "v1",
  versions: [{ name: "v1", schema: {}, columns: [], hasStatus: false }],
  isNative: true,
});
const reviews = [
  review("authentication.k8s.io", "SelfSubjectReview"),
  review("authentication.k8s.io", "TokenReview"),
  review("authorization.k8s.io", "LocalSubjectAccessReview", true),
  review("authorization.k8s.io", "SelfSubjectAccessReview"),
  review("authorization.k8s.io", "SelfSubjectRulesReview"),
  review("authorization.k8s.io", "SubjectAccessReview"),
];

import { accountInfoType, membershipType } from "./core-module.ts";
import type { LeftOut } from "./fitting.ts";
import { mostTypes } from "./model-limits.ts";
import { groupName, typeFor } from "./names.ts";
import { type ApiResource, resourceModule } from "./resource-module.ts";
import type { Module } from "./transform.ts";
import { accountType } from "./tuples.ts";

/** In the core module already. */
const coreTypes = ["user", "role", accountType, accountInfoType, membershipType, "core_kcp_io_logicalcluster"];
const all = ["create", "get", "list", "watch", "update", "patch", "delete"];
/** The core module and the namespaced resources name these: they are there before any API is bound. */
const always: readonly ApiResource[] = [
  {
    group: "",
    version: "v1",
    plural: "namespaces",
    singular: "namespace",
    kind: "Namespace",
    namespaced: false,
    verbs: all,
  },
  {
    group: "apis.kcp.io",
    version: "v1alpha1",
    plural: "apiexports",
    singular: "apiexport",
    kind: "APIExport",
    namespaced: false,
    verbs: all,
  },
];
export interface Modules {
  readonly modules: readonly Module[];
  readonly leftOut: readonly LeftOut[];
}

/** One module for each resource, each resource once, always in the same order; none for what the core module has. */
export function resourceModules(resources: readonly ApiResource[]): Modules & { readonly always: readonly Module[] } {
  const types = new Set(coreTypes);
  const modules: Module[] = [];
  const leftOut: LeftOut[] = [];
  for (const resource of distinct(resources)) {
    const { group, plural, singular } = resource;
    const name = `${plural}.${group || "core"}`;
    const type = typeFor(group, singular);
    const contents = resourceModule(resource);
    if (contents === undefined) continue;
    const problem = nameProblem(resource) ?? typeProblem(type, types);
    if (problem) leftOut.push({ module: name, reason: problem });
    else modules.push({ name, contents: `module api_${groupName(group)}\n\n${contents}` });
    if (!problem && `\n${contents}`.includes(`\ntype ${type}\n`)) types.add(type);
  }
  return { always: modules.slice(0, always.length), modules: modules.slice(always.length), leftOut };
}

/** Each resource once, whatever its versions, those that are always there first. */
function distinct(resources: readonly ApiResource[]): readonly ApiResource[] {
  const others = new Map<string, ApiResource>();
  for (const resource of resources.map(named).toSorted(byVersion)) {
    const isOurs = coreTypes.includes(typeFor(resource.group, resource.singular));
    const isAlways = always.some((other) => key(other) === key(resource));
    if (isOurs || isAlways || resource.plural.includes("/")) continue;
    const verbs = new Set([...(others.get(key(resource))?.verbs ?? []), ...resource.verbs]);
    others.set(key(resource), { ...resource, verbs: [...verbs].toSorted() });
  }
  return [...always, ...others.values()];
}

const key = ({ group, plural }: ApiResource) => `${group}/${plural}`;
const byVersion = (one: ApiResource, other: ApiResource) =>
  [key(one), one.version].join() < [key(other), other.version].join() ? -1 : 1;

/** Discovery does not always tell the singular. */
const named = (resource: ApiResource): ApiResource => ({
  ...resource,
  singular: resource.singular || resource.kind.toLowerCase(),
});

function nameProblem({ group, plural, singular }: ApiResource): string | undefined {
  const isName = (text: string) => /^[a-z]([a-z0-9-]*[a-z0-9])?$/.test(text);
  const wrong = [plural, singular, ...(group ? group.split(".") : [])].find((part) => !isName(part));
  return wrong === undefined ? undefined : `${JSON.stringify(wrong)} is no name of an API`;
}

function typeProblem(type: string, types: ReadonlySet<string>): string | undefined {
  if (types.has(type)) return `another resource has the type ${type} already`;
  if (types.size >= mostTypes) return `the model has ${types.size} types already, OpenFGA takes ${mostTypes}`;
  return undefined;
}

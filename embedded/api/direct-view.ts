import type { Authorizer } from "../access/authorizer.ts";
import type { Catalog } from "../resources/catalog.ts";
import type { ResourceType } from "../resources/resource-type.ts";
import type { View } from "./view.ts";

/** The logical clusters as they are, each with the types that it serves. */
export function directView(catalog: Catalog, authorizer: Authorizer): View {
  const find = (cluster: string, group: string, plural: string): ResourceType | undefined =>
    cluster === "*" ? catalog.builtIn(group, plural) : catalog.find(cluster, group, plural);
  return {
    prefix: "",
    types: (cluster) => catalog.all(cluster),
    find,
    shows: () => true,
    authorize: (attributes) =>
      authorizer.authorize(attributes, find(attributes.cluster, attributes.group, attributes.resource)),
  };
}

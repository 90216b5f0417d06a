import { kinds, type Resource } from "./kinds.ts";

/** Path of a resource, or of one object of it, below its workspace. */
export function pathOf(
  resource: Resource,
  target: { readonly namespace?: string; readonly name?: string; readonly subresource?: string } = {},
): string {
  const root = resource.group ? `/apis/${resource.group}` : "/api";
  const namespace = target.namespace ? `/namespaces/${encodeURIComponent(target.namespace)}` : "";
  const name = target.name ? `/${encodeURIComponent(target.name)}` : "";
  const subresource = target.subresource ? `/${target.subresource}` : "";
  return `${root}/${resource.version}${namespace}/${resource.plural}${name}${subresource}`;
}

/** How people call a resource: by its kind where we know it, else `<plural>.<group>`. */
export function titleOf({ group, plural }: Resource): string {
  const known = Object.entries(kinds).find(([, kind]) => kind.plural === plural && kind.group === group);
  return known?.[0] ?? (group ? `${plural}.${group}` : plural);
}

import { createHash } from "node:crypto";

/** OpenFGA's limit for a relation; types keep to it too, so that their objects have room (spec/security.md, 2.3). */
const longestName = 50;
/** `create_` is the longest of the verbs: all relations of one resource are cut alike. */
const longestResource = longestName - "create_".length;

/** API group as part of a name: `apis.kcp.io` becomes `apis_kcp_io`, the core group `core`. */
export function groupName(group: string): string {
  return group === "" ? "core" : group.replaceAll(".", "_");
}

/** Relation of a parent that allows to create, list or watch resources below it, e.g.
 *  `create_core_platform-mesh_io_accounts`. At most 50 characters; no two resources share one. */
export function relationFor(verb: "create" | "list" | "watch", group: string, plural: string): string {
  return `${verb}_${joined(group, plural, longestResource)}`;
}

/** Type of the objects of an API resource, e.g. `core_platform-mesh_io_account`. */
export function typeFor(group: string, singular: string): string {
  return joined(group, singular, longestName);
}

function joined(group: string, resource: string, limit: number): string {
  const plain = `${groupName(group)}_${resource}`;
  // A group that is really called "core" must not pass for the core group.
  if (plain.length <= limit && group !== "core") return plain;
  const mark = `_${digest(`${group}/${resource}`)}`;
  // The right end tells more: it holds the resource. What is cut starts with no separator, as DSL names must.
  return `${plain.slice(-(limit - mark.length)).replace(/^[^a-z0-9]+/i, "")}${mark}`;
}

/** 50 bits in upper case: resources and groups are in lower case, so that no resource is called like one that was cut. */
export function digest(text: string): string {
  const bits = createHash("sha256").update(text).digest().readBigUInt64BE() >> 14n;
  return bits.toString(36).toUpperCase().padStart(10, "0");
}

import { powerOver } from "../../shared/fga/resource-module.ts";
import { coreExport } from "../../shared/names.ts";
import type { Review } from "./review.ts";

const reads: ReadonlySet<string> = new Set(["get", "list", "watch"]);
const verbs: ReadonlySet<string> = new Set([...reads, "create", "update", "patch", "delete"]);
/** Subresources that show the object itself. Others, as `content` of an APIExport, open a way to something else. */
const views: ReadonlySet<string> = new Set(["status", "scale", "log"]);

export const isRead = (verb: string): boolean => reads.has(verb);

/** Why OpenFGA is not asked about a resource: a webhook that allows overrules every limit that kcp sets itself, maximal
 *  permission policies too (decisions.md 32). `undefined` when it is asked. */
export function outside({ verb, resource: about }: Pick<Review, "verb" | "resource">): string | undefined {
  if (!about) return undefined;
  const { group, resource, subresource } = about;
  const named = `${resource}${subresource && `/${subresource}`}${group && `.${group}`}`;
  if (!/^[a-z0-9.-]+$/.test(resource) || !/^[a-z0-9.-]*$/.test(group)) return "this is no resource of one name";
  if (isBind({ verb, resource: about })) return undefined;
  if (!verbs.has(verb)) return `no role says anything about ${verb} on ${named}`;
  if (isTokenRequest({ verb, resource: about })) return undefined;
  if (subresource !== "" && !views.has(subresource)) return `no role says anything about ${named}`;
  if (powerOver(group) === "none") return `no role says anything about ${named}`;
  if (isRead(verb)) return undefined;
  if (subresource !== "") return `${named} is written by those who serve it`;
  if (powerOver(group) !== "all") return `no role lets anybody ${verb} ${named}`;
  if (group === coreExport && resource === "accountinfos") return `${named} is written by the functions alone`;
  return undefined;
}

/** Whether a workspace may use an API of somebody else's. */
export const isBind = ({ verb, resource: about }: Pick<Review, "verb" | "resource">): boolean =>
  verb === "bind" && about?.group === "apis.kcp.io" && about.resource === "apiexports" && about.subresource === "";

/** Makes a token of a ServiceAccount: no more than whoever may create one could do with another. */
export const isTokenRequest = ({ verb, resource: about }: Pick<Review, "verb" | "resource">): boolean =>
  verb === "create" && about?.group === "" && about.resource === "serviceaccounts" && about.subresource === "token";

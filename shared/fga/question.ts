import type { AccountKey } from "../account-key.ts";
import type { Tuple } from "./fga.ts";
import { objectId } from "./object-id.ts";
import { namespaceType } from "./resource-module.ts";
import { accountObject } from "./tuples.ts";

/** An object of a workspace, as OpenFGA knows it. */
export interface Resource {
  /** Cluster id of the workspace that holds it. */
  readonly cluster: string;
  readonly namespace?: string;
  /** See typeFor. */
  readonly type: string;
  readonly name: string;
}

/** With its namespace: two objects of one name are two. */
export const resourceObject = ({ type, cluster, namespace, name }: Resource): string =>
  `${type}:${objectId([cluster, ...(namespace ? [namespace] : []), name])}`;

export const namespaceObject = (cluster: string, namespace: string): string =>
  `${namespaceType}:${objectId([cluster, namespace])}`;

/** What OpenFGA must know during one question about a resource: it lies in its namespace, and that in the account whose
 *  workspace it is (security.md 2.4). Neither is ever written. Without `type` and `name` for what is asked of the
 *  namespace, or account, itself: to create, list and watch. */
export function contextualTuples(asked: {
  readonly account: AccountKey;
  readonly cluster: string;
  readonly namespace?: string;
  readonly type?: string;
  readonly name?: string;
}): readonly Tuple[] {
  const { account, cluster, namespace, type, name } = asked;
  const chain = [accountObject(account)];
  if (namespace) chain.push(namespaceObject(cluster, namespace));
  if (type && name) chain.push(resourceObject({ cluster, type, name, ...(namespace && { namespace }) }));
  // A namespace is asked for within itself, an account at times within its parent: nothing is its own parent.
  const objects = [...new Set(chain)];
  return objects.slice(1).map((object, index) => ({ user: objects[index] ?? "", relation: "parent", object }));
}

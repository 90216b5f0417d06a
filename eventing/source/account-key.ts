import { type AccountKey, formatKey } from "../../shared/account-key.ts";
import type { Kind } from "../../shared/kcp/kinds.ts";
import { clusterOf, type KubeObject, type ObjectOf } from "../../shared/kcp/objects.ts";
import { label } from "../../shared/names.ts";
import type { Store } from "../store.ts";

type KeyOf = { readonly [K in Kind]: (object: ObjectOf[K], store: Store) => Partial<AccountKey> | undefined };

const itself = (object: KubeObject): AccountKey => ({ cluster: clusterOf(object), name: object.metadata.name });

const keys: KeyOf = {
  Account: itself,
  Workspace: itself,
  AccountInfo: ({ spec }) => spec?.account && { cluster: spec.account.originClusterId, name: spec.account.name },
  WorkspaceType: (type) => {
    const org = type.metadata.labels?.[label.org];
    return org ? { cluster: clusterOf(type), name: org } : undefined;
  },
  LogicalCluster: ({ spec }) => spec?.owner,
  APIBinding: (binding, store) => store.ownerOf(clusterOf(binding)),
  Membership: (membership, store) => store.ownerOf(clusterOf(membership)),
};

/** Order key of an object's events (decisions.md 1); `undefined` when it is of no Account, or when its owner is not seen
 *  yet, as happens to what merely lies in its workspace. */
export function accountKeyOf<K extends Kind>(kind: K, object: ObjectOf[K], store: Store): string | undefined {
  const key = keys[kind](object, store);
  return key?.cluster && key.name ? formatKey({ cluster: key.cluster, name: key.name }) : undefined;
}

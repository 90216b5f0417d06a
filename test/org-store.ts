import type { AccountKey } from "../shared/account-key.ts";
import { orgsStoreName, orgsTuples } from "../shared/fga/core-module.ts";
import { ensureModel } from "../shared/fga/ensure-model.ts";
import type { Fga } from "../shared/fga/fga.ts";
import { composeOrgsModel } from "../shared/fga/modules.ts";
import type { ApiResource } from "../shared/fga/resource-module.ts";
import { orgTuples } from "../shared/fga/tuples.ts";

const verbs = ["create", "get", "list", "watch", "update", "patch", "delete"];
const of = (group: string, kind: string, plural: string, namespaced: boolean): ApiResource => ({
  ...{ group, version: "v1", plural, kind, namespaced, verbs },
  singular: kind.toLowerCase(),
});
const rbac = "rbac.authorization.k8s.io";

/** A few of the resources that kcp serves in every workspace. */
export const resources: readonly ApiResource[] = [
  of("", "ConfigMap", "configmaps", true),
  of("", "ServiceAccount", "serviceaccounts", true),
  of("apis.kcp.io", "APIBinding", "apibindings", false),
  of(rbac, "ClusterRole", "clusterroles", false),
  of(rbac, "ClusterRoleBinding", "clusterrolebindings", false),
];

/** A store as security-init makes it for an org; answers its id. */
export async function makeOrgStore(fga: Fga, org: AccountKey, creator: string): Promise<string> {
  const { id: store } = await fga.createStore({ name: org.name });
  await ensureModel(fga, { store, resources });
  await fga.write({ store, writes: orgTuples(org, creator), deletes: [] });
  return store;
}

/** Store `orgs`, as bootstrap makes it: everybody who is logged in may create an org. */
export async function makeOrgsStore(fga: Fga): Promise<string> {
  const { id: store } = await fga.createStore({ name: orgsStoreName });
  await fga.writeModel({ store, model: await composeOrgsModel() });
  await fga.write({ store, writes: orgsTuples, deletes: [] });
  return store;
}

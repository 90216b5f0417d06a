import type { Call, Reader } from "../../shared/kcp/client.ts";
import { type Kind, kinds } from "../../shared/kcp/kinds.ts";
import type { KubeObject } from "../../shared/kcp/objects.ts";
import { coreExport, infoName, logicalClusterName } from "../../shared/names.ts";
import { orgType, workspaceTypeName } from "../../shared/naming.ts";

export interface Place {
  readonly reader: Reader;
  /** Id of the cluster that holds the Account. */
  readonly cluster: string;
  readonly name: string;
  readonly call: Call;
}
type Find = (place: Place) => Promise<KubeObject | undefined>;

/** Where each kind of object is that belongs to one account (decisions.md 1); an account's WorkspaceTypes are its org's. */
export const objectsOfAccount: Readonly<Record<Kind, Find>> = {
  Account: ({ reader, cluster, name, call }) => reader.get("Account", cluster, name, call),
  Workspace: ({ reader, cluster, name, call }) => reader.get("Workspace", cluster, name, call),
  WorkspaceType: ({ reader, cluster, name, call }) =>
    reader.get("WorkspaceType", cluster, workspaceTypeName(name, orgType), call),
  AccountInfo: inside((reader, cluster, call) => reader.get("AccountInfo", cluster, infoName, call)),
  LogicalCluster: inside((reader, cluster, call) => reader.get("LogicalCluster", cluster, logicalClusterName, call)),
  APIBinding: inside(async (reader, cluster, call) => {
    const bindings = await reader.list("APIBinding", cluster, call);
    return bindings.find(({ spec }) => spec.reference.export?.name === coreExport);
  }),
  // Any one of them makes the function look at all.
  Membership: inside(async (reader, cluster, call) => (await reader.list("Membership", cluster, call))[0]),
};

export const isKind = (text: string): text is Kind => text in kinds;

/** In the account's own workspace, once kcp has scheduled it. */
function inside(find: (reader: Reader, cluster: string, call: Call) => Promise<KubeObject | undefined>): Find {
  return async ({ reader, cluster, name, call }) => {
    const own = (await reader.get("Workspace", cluster, name, call))?.spec?.cluster;
    return own === undefined ? undefined : find(reader, own, call);
  };
}

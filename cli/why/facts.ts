import type { Call } from "../../shared/kcp/client.ts";
import type {
  Account,
  AccountInfo,
  APIBinding,
  KubeObject,
  LogicalCluster,
  Workspace,
  WorkspaceType,
} from "../../shared/kcp/objects.ts";
import type { Client } from "../../shared/kcp/rest.ts";
import { infoName, logicalClusterName } from "../../shared/names.ts";
import { workspaceTypeName } from "../../shared/naming.ts";
import { defaultSettings } from "../../shared/settings.ts";
import type { AccountPath } from "../account-path.ts";
import { CliError } from "../errors.ts";
import { nearest } from "../nearest.ts";
import { unlessHidden } from "../unless-hidden.ts";

/** All that is to be seen of one account; what is absent, or hidden from this user, is `undefined` or empty. */
export interface Facts extends AccountPath {
  readonly account: Account;
  readonly workspace: Workspace | undefined;
  readonly logicalCluster: LogicalCluster | undefined;
  readonly info: AccountInfo | undefined;
  readonly parentInfo: AccountInfo | undefined;
  readonly bindings: readonly APIBinding[];
  readonly children: readonly Account[];
  /** By name, those that should exist included. */
  readonly types: ReadonlyMap<string, WorkspaceType | undefined>;
  /** Warnings that were told about it, the newest last. */
  readonly warnings: readonly KubeEvent[];
}
export interface KubeEvent extends KubeObject {
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly count?: number;
  readonly lastTimestamp?: string;
}

/** Reads all of it at once, as the user; throws CliError when there is no such account. */
export async function gather(client: Client, at: AccountPath, call: Call): Promise<Facts> {
  const account = await client.get("Account", at.parent, at.name, call);
  if (!account) throw await noSuchAccount(client, at, call);
  const [workspace, logicalCluster, info, parentInfo, bindings, children, types, warnings] = await Promise.all([
    unlessHidden(client.get("Workspace", at.parent, at.name, call)),
    unlessHidden(client.get("LogicalCluster", at.path, logicalClusterName, call)),
    unlessHidden(client.get("AccountInfo", at.path, infoName, call)),
    unlessHidden(client.get("AccountInfo", at.parent, infoName, call)),
    unlessHidden(client.list("APIBinding", at.path, call)),
    unlessHidden(client.list("Account", at.path, call)),
    workspaceTypes(client, at, account, call),
    unlessHidden(warningsAbout(client, at, account, call)),
  ]);
  const found = { workspace, logicalCluster, info, parentInfo, types };
  return { ...at, account, ...found, bindings: bindings ?? [], children: children ?? [], warnings: warnings ?? [] };
}

async function workspaceTypes(client: Client, at: AccountPath, account: Account, call: Call): Promise<Facts["types"]> {
  const { orgsPath } = defaultSettings;
  const org = at.path.slice(orgsPath.length + 1).split(":")[0] ?? at.name;
  const names =
    account.spec.type === "org"
      ? [workspaceTypeName(org, "org"), workspaceTypeName(org, "account")]
      : [workspaceTypeName(org, account.spec.type)];
  const read = async (name: string) =>
    [name, await unlessHidden(client.get("WorkspaceType", orgsPath, name, call))] as const;
  return new Map(await Promise.all(names.map(read)));
}

async function warningsAbout(
  client: Client,
  { parent }: AccountPath,
  account: Account,
  call: Call,
): Promise<readonly KubeEvent[]> {
  const query = new URLSearchParams({ fieldSelector: `involvedObject.uid=${account.metadata.uid},type=Warning` });
  const path = `/api/v1/namespaces/default/events?${query}`;
  const { items } = await client.request<{ items: KubeEvent[] }>({ path, cluster: parent }, call);
  return items.sort((a, b) => (a.lastTimestamp ?? "").localeCompare(b.lastTimestamp ?? ""));
}

async function noSuchAccount(client: Client, at: AccountPath, call: Call): Promise<CliError> {
  const siblings = (await unlessHidden(client.list("Account", at.parent, call))) ?? [];
  const near = nearest(
    at.name,
    siblings.map(({ metadata }) => metadata.name),
  );
  return new CliError(`there is no account ${at.path}`, {
    why: `workspace ${at.parent} holds no Account "${at.name}"`,
    next: near ? `did you mean ${at.parent}:${near}?` : `pm tree ${at.parent}`,
  });
}

import type { AccountKey } from "../../shared/account-key.ts";
import type { Call } from "../../shared/kcp/client.ts";
import { classify } from "../../shared/kcp/errors.ts";
import { type Account, type AccountInfo, clusterOf } from "../../shared/kcp/objects.ts";
import type { Client } from "../../shared/kcp/rest.ts";
import { infoName } from "../../shared/names.ts";
import { defaultSettings } from "../../shared/settings.ts";
import { type AccountPath, accountPath } from "../account-path.ts";
import { CliError } from "../errors.ts";
import { createLimit } from "../limit.ts";
import { unlessHidden } from "../unless-hidden.ts";
import type { Known } from "./compare.ts";

type Reader = Pick<Client, "get" | "list">;
/** Requests under way at once. */
const width = 16;

/** Path of the org that a workspace is in. Throws UsageError for what is in none. */
export function orgOf(path: string, workspace: string): string {
  const at = accountPath(path, workspace).path;
  return at
    .split(":")
    .slice(0, defaultSettings.orgsPath.split(":").length + 1)
    .join(":");
}

export interface SecuredOrg {
  readonly path: string;
  readonly store: string;
}

/** Where the org's tuples are, as its AccountInfo says. */
export async function securedOrg(reader: Reader, path: string, call: Call): Promise<SecuredOrg> {
  const info = await unlessHidden(reader.get("AccountInfo", path, infoName, call));
  if (!info) throw new CliError(`there is no org ${path}, or you may not read it`, { next: "pm tree" });
  const store = info.spec.fga.store.id;
  if (store) return { path, store };
  throw new CliError(`${path} has no OpenFGA store`, {
    why: "AccountInfo names none: security is off, or not done yet",
    next: `pm why ${path}`,
  });
}

/** The org and every account in it. Throws CliError unless all of them can be read: what is not seen would be taken for
 *  gone. */
export async function knownAccounts(reader: Reader, org: string, call: Call): Promise<readonly Known[]> {
  const limit = createLimit(width);
  const { parent, name } = accountPath(org, org);
  const account = await seen(() => reader.get("Account", parent, name, call), parent);
  if (!account) throw new CliError(`there is no org ${org}`, { next: "pm tree" });

  async function below(path: string, key: AccountKey): Promise<readonly Known[]> {
    const accounts = await limit(() => seen(() => reader.list("Account", path, call), path));
    const nested = await Promise.all(accounts.map((each) => known(each, `${path}:${each.metadata.name}`, key)));
    return nested.flat();
  }
  async function known(each: Account, path: string, parentKey?: AccountKey): Promise<readonly Known[]> {
    const key = { cluster: clusterOf(each), name: each.metadata.name };
    const about = {
      ...{ path, key, parent: parentKey, creator: each.spec.creator, uid: each.metadata.uid },
      isDeleting: each.metadata.deletionTimestamp !== undefined,
    };
    const info = await limit(() => infoOf(reader, accountPath(path, path), call));
    if (!info) return [{ ...about, cluster: undefined, memberships: [] }];
    const memberships = await limit(() => seen(() => reader.list("Membership", path, call), path));
    const self = { ...about, cluster: info.spec.account.generatedClusterId, memberships };
    return [self, ...(await below(path, key))];
  }
  return known(account, org);
}

/** `undefined` where there is no workspace with accounts in it: not yet, or no more. */
async function infoOf(
  reader: Reader,
  { path, name, parent }: AccountPath,
  call: Call,
): Promise<AccountInfo | undefined> {
  const info = await unlessHidden(reader.get("AccountInfo", path, infoName, call));
  if (info) return info;
  const workspace = await seen(() => reader.get("Workspace", parent, name, call), parent);
  const mayHoldAccounts = workspace?.status?.phase === "Ready" && !workspace.metadata.deletionTimestamp;
  if (mayHoldAccounts) throw unseen(path);
  return undefined;
}

async function seen<T>(read: () => Promise<T>, path: string): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw ["forbidden", "not-found"].includes(classify(error)) ? unseen(path, error) : error;
  }
}

const unseen = (path: string, cause?: unknown): CliError =>
  new CliError("not every account can be read, and what is not seen would be taken for gone", {
    where: path,
    ...(cause instanceof Error && { why: cause.message, cause }),
    next: "use the kubeconfig of an owner of the org, or of a kcp administrator",
  });

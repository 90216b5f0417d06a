import { findCondition } from "../../shared/conditions.ts";
import type { Call, Reader } from "../../shared/kcp/client.ts";
import type { Account, Phase } from "../../shared/kcp/objects.ts";
import { condition } from "../../shared/names.ts";
import { phaseOf, phaseSince, waitsFor } from "../account-state.ts";
import { createLimit } from "../limit.ts";
import { unlessHidden } from "../unless-hidden.ts";

/** One account with all below it. */
export interface TreeNode {
  readonly name: string;
  readonly path: string;
  readonly type: string;
  readonly phase: Phase;
  readonly ready: boolean;
  /** When it entered its phase, RFC 3339. */
  readonly since: string;
  /** Empty when it waits for nothing. */
  readonly waitsFor: string;
  /** False when the user may not look into its workspace. */
  readonly visible: boolean;
  readonly children: readonly TreeNode[];
}

/** Requests under way at once. */
const width = 24;

/** The accounts of a workspace and of all workspaces below it. Each costs one request, a not-ready one two. */
export async function walkTree(reader: Reader, path: string, call: Call): Promise<readonly TreeNode[]> {
  const limit = createLimit(width);
  const accountsIn = (workspace: string) => limit(() => reader.list("Account", workspace, call));

  async function nodeOf(account: Account, parent: string): Promise<TreeNode> {
    const { name } = account.metadata;
    const own = `${parent}:${name}`;
    const [accounts, workspace] = await Promise.all([
      unlessHidden(accountsIn(own)),
      isReady(account) ? undefined : unlessHidden(limit(() => reader.get("Workspace", parent, name, call))),
    ]);
    const children = (accounts ?? []).map(({ metadata }) => metadata.name);
    return {
      name,
      path: own,
      type: account.spec.type,
      phase: phaseOf(account),
      ready: isReady(account),
      since: new Date(phaseSince(account)).toISOString(),
      waitsFor: isReady(account) ? "" : waitsFor(account, workspace, children),
      visible: accounts !== undefined || !isReady(account),
      children: await nodesOf(accounts ?? [], own),
    };
  }
  const nodesOf = (accounts: readonly Account[], parent: string) =>
    Promise.all([...accounts].sort(byName).map((account) => nodeOf(account, parent)));

  return nodesOf(await accountsIn(path), path);
}

const isReady = (account: Account) =>
  !account.metadata.deletionTimestamp && findCondition(account, condition.ready)?.status === "True";

const byName = (a: Account, b: Account) => a.metadata.name.localeCompare(b.metadata.name);

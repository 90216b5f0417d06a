import { findCondition } from "../../shared/conditions.ts";
import type { Call, Reader } from "../../shared/kcp/client.ts";
import type { Account, Phase } from "../../shared/kcp/objects.ts";
import { condition } from "../../shared/names.ts";
import type { AccountPath } from "../account-path.ts";
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

/** Looks at accounts with all below them. Each costs one request, one that is not ready two. */
export class Walk {
  readonly #reader: Reader;
  readonly #call: Call;
  readonly #limit = createLimit(width);

  constructor(reader: Reader, call: Call) {
    this.#reader = reader;
    this.#call = call;
  }

  /** The accounts in a workspace; throws when the user may not see them. */
  async below(path: string): Promise<readonly TreeNode[]> {
    return this.#nodesOf(await this.#accountsIn(path), path);
  }

  /** `undefined` when there is no such account, or the user may not see it from its parent. */
  async account({ parent, name }: AccountPath): Promise<TreeNode | undefined> {
    const account = await unlessHidden(this.#reader.get("Account", parent, name, this.#call));
    return account && this.#nodeOf(account, parent);
  }

  #accountsIn(workspace: string): Promise<readonly Account[]> {
    return this.#limit(() => this.#reader.list("Account", workspace, this.#call));
  }

  #nodesOf(accounts: readonly Account[], parent: string): Promise<TreeNode[]> {
    return Promise.all(accounts.toSorted(byName).map((account) => this.#nodeOf(account, parent)));
  }

  async #nodeOf(account: Account, parent: string): Promise<TreeNode> {
    const { name } = account.metadata;
    const path = `${parent}:${name}`;
    const workspaceOf = () => this.#limit(() => this.#reader.get("Workspace", parent, name, this.#call));
    const [accounts, workspace] = await Promise.all([
      unlessHidden(this.#accountsIn(path)),
      isReady(account) ? undefined : unlessHidden(workspaceOf()),
    ]);
    const children = (accounts ?? []).map(({ metadata }) => metadata.name);
    return {
      name,
      path,
      type: account.spec.type,
      phase: phaseOf(account),
      ready: isReady(account),
      since: new Date(phaseSince(account)).toISOString(),
      waitsFor: isReady(account) ? "" : waitsFor(account, workspace, children),
      visible: accounts !== undefined || !isReady(account),
      children: await this.#nodesOf(accounts ?? [], path),
    };
  }
}

const isReady = (account: Account) =>
  !account.metadata.deletionTimestamp && findCondition(account, condition.ready)?.status === "True";

const byName = (a: Account, b: Account) => a.metadata.name.localeCompare(b.metadata.name);

import type { Call } from "../../shared/kcp/client.ts";
import { classify } from "../../shared/kcp/errors.ts";
import type { Account, Membership } from "../../shared/kcp/objects.ts";
import type { Client } from "../../shared/kcp/rest.ts";
import { annotation, infoName } from "../../shared/names.ts";
import { type AccountPath, accountPath } from "../account-path.ts";
import { CliError, UsageError } from "../errors.ts";
import { unlessHidden } from "../unless-hidden.ts";

/** Where the commands find people: kcp, as the user of the kubeconfig. */
export type Reader = Pick<Client, "get" | "list">;

/** The account that -w, or the kubeconfig, names. Throws UsageError for what is no account. */
export function accountIn(workspace: string, command: string): AccountPath {
  try {
    return accountPath(workspace, workspace);
  } catch (cause) {
    throw new UsageError(`${workspace} is no account, and people are members of accounts`, {
      where: `pm ${command}`,
      next: `pm ${command} … -w root:orgs:acme`,
      cause,
    });
  }
}

/** The Memberships in the account's workspace, by subject. Throws CliError where there cannot be any. */
export async function membershipsIn(reader: Reader, path: string, call: Call): Promise<readonly Membership[]> {
  try {
    return (await reader.list("Membership", path, call)).toSorted(bySubject);
  } catch (error) {
    if (classify(error) !== "not-found") throw error;
    const isAccount = (await unlessHidden(reader.get("AccountInfo", path, infoName, call))) !== undefined;
    if (!isAccount) throw new CliError(`there is no account ${path}`, { next: "pm tree", cause: error });
    throw new CliError("this installation has no members", {
      where: path,
      why: "its API export does not serve Memberships",
      next: "pm bootstrap --upgrade, then --security=on and pm run with OpenFGA",
      cause: error,
    });
  }
}

/** Who created the account is its owner, without a Membership, until removed. Hidden where the Account is not this user's
 *  to read. */
export async function creatorOf(reader: Reader, at: AccountPath, call: Call): Promise<Creator | "hidden" | undefined> {
  const account = await unlessHidden(reader.get("Account", at.parent, at.name, call));
  if (!account) return "hidden";
  const { creator: subject } = account.spec;
  if (!subject || account.metadata.annotations?.[annotation.creatorRemoved]) return undefined;
  return { subject, account };
}
export interface Creator {
  readonly subject: string;
  readonly account: Account;
}

/** The accounts around an account, the nearest first. */
export function ancestorsOf({ parent }: AccountPath): readonly AccountPath[] {
  try {
    const next = accountPath(parent, parent);
    return [next, ...ancestorsOf(next)];
  } catch {
    return [];
  }
}

const bySubject = (a: Membership, b: Membership): number =>
  a.spec.subject.localeCompare(b.spec.subject) || a.spec.role.localeCompare(b.spec.role);

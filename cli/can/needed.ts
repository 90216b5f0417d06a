import type { Fga, Question, Tuple } from "../../shared/fga/fga.ts";
import { accountType, type Role } from "../../shared/fga/tuples.ts";
import type { Call } from "../../shared/kcp/client.ts";
import type { Scope } from "./scopes.ts";

/** The least that somebody would have to be. */
export interface Needed {
  readonly role: Role;
  /** The account, as OpenFGA has it and as people do. */
  readonly object: string;
  readonly path?: string;
}

const least: readonly Role[] = ["member", "owner"];

/** Asks OpenFGA what it would say if the user had a role on the account of the workspace; `undefined` when no role would
 *  do, as for what its model does not know. */
export async function neededRole(
  asked: Question,
  scopes: readonly Scope[],
  fga: Fga,
  call: Call,
): Promise<Needed | undefined> {
  const account = scopes.find(({ path }) => path !== undefined);
  if (!account?.object.startsWith(`${accountType}:`) || !asked.tuple.user.startsWith("user:")) return undefined;
  const { object, path } = account;
  for (const role of least) {
    const supposed: readonly Tuple[] = [
      { user: asked.tuple.user, relation: "assignee", object: "role:supposed" },
      { user: "role:supposed#assignee", relation: role, object },
    ];
    const contextual = [...(asked.contextual ?? []), ...supposed];
    if (await fga.check({ ...asked, contextual }, call)) return { role, object, ...(path && { path }) };
  }
  return undefined;
}

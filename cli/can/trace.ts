import type { Fga, Question, Tuple } from "../../shared/fga/fga.ts";
import { accountType } from "../../shared/fga/tuples.ts";
import type { Call } from "../../shared/kcp/client.ts";
import type { Scope } from "./scopes.ts";

/** A relationship on the way from a user to a right, and what it does for it. */
export interface Link extends Tuple {
  readonly does: string;
}

/** The relationships by which the user of an answered question is let in: those of the nearest role that does. Empty when
 *  it is none of the roles that this knows of. */
export async function traceGrant(
  asked: Question,
  scopes: readonly Scope[],
  fga: Fga,
  call: Call,
): Promise<readonly Link[]> {
  const { user, relation } = asked.tuple;
  const assignee = async (object: string, who: string) => {
    const filter = { object, relation: "assignee", user: who };
    return (await fga.read({ store: asked.store, filter }, call))[0];
  };
  const held: Grant[] = [];
  for (const [height, { object }] of scopes.entries()) {
    for (const link of await fga.read({ store: asked.store, filter: { object } }, call)) {
      if (link.user === user && link.relation.startsWith("bind"))
        held.push({ height, role: link.relation, links: [link] });
      const role = /^(role:.+)#assignee$/.exec(link.user)?.[1];
      if (role === undefined) continue;
      const person = (await assignee(role, user)) ?? (await assignee(role, "user:*"));
      if (person) held.push({ height, role: link.relation, links: [person, link] });
    }
  }
  const grant = held.filter((each) => reaches(each, scopes)).toSorted(strongerFirst(relation))[0];
  return grant ? [...grant.links.map(described), ...climbs(grant, scopes)] : [];
}

interface Grant {
  /** Index of the scope that the role is on. */
  readonly height: number;
  readonly role: string;
  readonly links: readonly Tuple[];
}

/** A member of an account is nobody in the accounts below it; all else is inherited (security.md 2.1). */
function reaches({ height, role }: Grant, scopes: readonly Scope[]): boolean {
  const below = scopes.slice(0, height).filter(({ object }) => object.startsWith(`${accountType}:`)).length;
  const isOnAccount = scopes[height]?.object.startsWith(`${accountType}:`) ?? false;
  return role === "owner" || role === "bind_inherited" || !isOnAccount || below === 0;
}

/** An owner may all that a member may: where there is both, the owner is sure to be the reason. */
const strongerFirst =
  (relation: string) =>
  (one: Grant, other: Grant): number =>
    rank(one, relation) - rank(other, relation) || one.height - other.height;
const rank = ({ role }: Grant, relation: string): number => (role === relation ? 0 : role === "owner" ? 1 : 2);

const described = ({ user, relation, object }: Tuple): Link => {
  const does =
    relation === "assignee"
      ? user === "user:*"
        ? "everybody who is logged in has the role"
        : "has the role"
      : user.startsWith("role:")
        ? `whoever has the role is ${relation}`
        : "the API may be used";
  return { user, relation, object, does };
};

/** From where the role is held down to what was asked about. */
const climbs = ({ height, role }: Grant, scopes: readonly Scope[]): readonly Link[] =>
  Array.from({ length: height }, (_, index) => height - 1 - index).map((index) => ({
    user: scopes[index + 1]?.object ?? "",
    relation: "parent",
    object: scopes[index]?.object ?? "",
    does: `${role.replace(/^bind_inherited$/, "the use of the API")} from parent`,
  }));

import { auditTuple } from "../../shared/audit.ts";
import { audit, fact } from "../../shared/event.ts";
import type { Tuple } from "../../shared/fga/fga.ts";
import { assignment, fgaUser } from "../../shared/fga/tuples.ts";
import type { OwnEvent } from "../../shared/function.ts";
import type { SecuritySettings } from "../../shared/settings.ts";
import type { World } from "../../shared/world.ts";
import type { Chain } from "./chain.ts";

// What audits are told (security.md 8B.9). Each fact names itself, so that it is the same event however often it is told:
// until it is put down that it was told, it is told again.

/** The creator is owner. `store` tells one life of the org from the next. */
export function creatorGranted({ world, creator, settings }: Chain, store: string): OwnEvent {
  const { name, uid } = world.account.metadata;
  const key = { cluster: world.cluster, name };
  const tuple = auditTuple(assignment(key, "owner", fgaUser(creator, key.cluster)), settings);
  const about = { account: name, origin: world.cluster, tuple, why: "creator of the account" };
  return { type: fact.accessGranted, id: `${uid}/creator/${store}`, data: { ...about, before: false, after: true } };
}

export function organizationChanged({ account }: World, what: string, details: Readonly<Record<string, string>>) {
  const { name, uid } = account.metadata;
  const id = [uid, ...Object.entries(details).flat()].join("/");
  return { type: audit.organizationChanged, id, data: { what, organization: name, uid, ...details } };
}

export interface Revocation {
  readonly account: string;
  readonly origin: string;
  /** What of the account names this end of it. */
  readonly id: string;
  readonly tuples: readonly Tuple[];
}
export const accountRevoked = ({ id, tuples, ...about }: Revocation, settings: SecuritySettings): OwnEvent => ({
  type: fact.accessRevoked,
  id: `${id}/revoked`,
  data: {
    ...about,
    tuples: tuples.map((tuple) => auditTuple(tuple, settings)),
    why: "the account is deleted",
    before: true,
    after: false,
  },
});

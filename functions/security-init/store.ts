import type { AccountKey } from "../../shared/account-key.ts";
import type { Fga, Store, Tuple } from "../../shared/fga/fga.ts";
import {
  accountTuples,
  assignment,
  fgaUser,
  formatTuple,
  openOrgTuples,
  orgTuples,
  roleLink,
} from "../../shared/fga/tuples.ts";
import { annotation, infoName } from "../../shared/names.ts";
import type { World } from "../../shared/world.ts";
import { type Chain, type Ended, ended, failedPart, isToldAgain, type Part, skippedPart } from "./chain.ts";
import { creatorGranted, organizationChanged } from "./told.ts";

const off = skippedPart("switched off");

/** The account as tuples name it. */
export const keyOf = (world: World): AccountKey => ({ cluster: world.cluster, name: world.account.metadata.name });

/** Says whose store it is, and grants nobody anything: no account refers to this role. */
export const ownerMark = (uid: string): Tuple => ({
  user: `user:${uid}`,
  relation: "assignee",
  object: "role:account-functions/store",
});

/** The org's store, found by its name and recognized by the mark inside; an id that was remembered is never trusted,
 *  since OpenFGA goes on to take writes to a store that is deleted (spec/security.md, 7.1.7). */
export const storePart: Part = {
  name: "store",
  async run(chain) {
    if (!chain.settings.parts.store) return off;
    const fga = required(chain);
    const { name } = chain.world.account.metadata;
    const stores = await fga.findStores({ name }, chain.ctx);
    if (stores.length > 1) {
      const ids = stores.map(({ id }) => id).join(", ");
      return failedPart(`OpenFGA has ${stores.length} stores named ${name} (${ids}): delete all but the org's own`);
    }
    const [found] = stores;
    const origin = found ? await originOf(fga, found, chain) : "created";
    if (found && origin === "foreign") {
      return failedPart(
        `store ${name} (${found.id}) exists and is not ours: delete it, or annotate the Account with ${annotation.adopt}=true`,
      );
    }
    const store = found ?? (await fga.createStore({ name }, chain.ctx));
    if (!found || chain.before?.storeId !== store.id || isToldAgain(chain))
      chain.audits.push(organizationChanged(chain.world, `store ${origin}`, { store: store.id }));
    chain.record = { ...chain.record, storeId: store.id };
    return { state: "Done", message: store.id };
  },
};

/** Ours by its mark, or because nothing at all is in it: then a run of ours ended right after making it. Taken over by
 *  what the AccountInfo says already, or by permission. */
async function originOf(
  fga: Fga,
  { id: store }: Store,
  { world, info, ctx }: Chain,
): Promise<"created" | "adopted" | "foreign"> {
  const { uid, annotations } = world.account.metadata;
  const marks = await fga.read({ store, filter: { object: ownerMark(uid).object } }, ctx);
  if (marks.some(({ user }) => user === ownerMark(uid).user)) return "created";
  if (info.spec.fga.store.id === store || annotations?.[annotation.adopt] === "true") return "adopted";
  if (marks.length > 0) return "foreign";
  return (await fga.read({ store, filter: {} }, ctx)).length === 0 ? "created" : "foreign";
}

/** Mark, structure and, once in the life of the org, its creator as owner, in one atomic write: where the structure is,
 *  the creator was seeded, and who was removed since stays removed (spec/security.md, 8B.1). */
export const orgTuplesPart: Part = {
  name: "tuples",
  async run(chain) {
    if (!chain.settings.parts.store) return off;
    const { world, settings, creator } = chain;
    const open = settings.allowMembers ? openOrgTuples(keyOf(world)) : [];
    return writeTuples(chain, [ownerMark(world.account.metadata.uid), ...orgTuples(keyOf(world), creator), ...open]);
  },
};

export const accountTuplesPart: Part = {
  name: "tuples",
  async run(chain) {
    if (!chain.settings.parts.store) return off;
    const { world, info, creator, cluster } = chain;
    const fga = required(chain);
    const ref = { kind: "AccountInfo", cluster, name: infoName };
    const { id } = info.spec.fga.store;
    const { parentAccount, organization } = info.spec;
    if (!id || !parentAccount) return { state: "Waiting", message: "the org has no store yet", ref };
    const store = await fga.getStore({ id }, chain.ctx);
    if (store?.name !== organization.name) {
      return { state: "Waiting", message: `store ${id} of org ${organization.name} does not exist in OpenFGA`, ref };
    }
    chain.record = { ...chain.record, storeId: id };
    const parent = { cluster: parentAccount.originClusterId, name: parentAccount.name };
    return writeTuples(chain, accountTuples(keyOf(world), parent, creator));
  },
};

/** A creator is seeded once for each store: the role's link, which comes with it, or our record tells that it was, and
 *  the annotation that it is owner no more. */
async function writeTuples(chain: Chain, wanted: readonly Tuple[]): Promise<Ended> {
  const { world, creator, ctx, record, before } = chain;
  const fga = required(chain);
  const store = record.storeId ?? "";
  const key = keyOf(world);
  const seed = formatTuple(assignment(key, "owner", fgaUser(creator, key.cluster)));
  const present = await presentOf(fga, store, wanted, chain);
  const wasSeeded = before?.creatorSeeded === true && before.storeId === store;
  const isRemoved = world.account.metadata.annotations?.[annotation.creatorRemoved] !== undefined;
  const isSeeded = wasSeeded || isRemoved || present.has(formatTuple(roleLink(key, "owner")));
  const missing = wanted.filter(
    (tuple) => !present.has(formatTuple(tuple)) && !(isSeeded && formatTuple(tuple) === seed),
  );
  if (missing.length > 0) await fga.write({ store, writes: missing, deletes: [] }, ctx);
  chain.record = { ...chain.record, creatorSeeded: true };
  const isOwner = present.has(seed) || missing.some((tuple) => formatTuple(tuple) === seed);
  if (isOwner && (!wasSeeded || isToldAgain(chain))) chain.audits.push(creatorGranted(chain, store));
  return ended;
}

async function presentOf(
  fga: Fga,
  store: string,
  wanted: readonly Tuple[],
  { ctx }: Chain,
): Promise<ReadonlySet<string>> {
  const objects = new Set(wanted.map(({ object }) => object));
  const found = await Promise.all([...objects].map((object) => fga.read({ store, filter: { object } }, ctx)));
  return new Set(found.flat().map(formatTuple));
}

export function required({ fga }: Pick<Chain, "fga">): Fga {
  if (!fga) throw new Error("security-init needs OpenFGA: give --fga-url, or --no-initializer-workspace-enabled");
  return fga;
}

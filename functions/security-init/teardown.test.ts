import { beforeEach, describe, expect, test } from "vitest";
import { fact } from "../../shared/event.ts";
import { FgaError } from "../../shared/fga/fga.ts";
import { IdentityError } from "../../shared/identity/identity.ts";
import { finalizer } from "../../shared/names.ts";
import { orgsCluster } from "../../test/fake-kcp.ts";
import { own } from "../../test/run-functions.ts";
import { acme, SecurityWorld, team } from "../../test/security-world.ts";

const T = "core_platform-mesh_io_account";
let world: SecurityWorld;
beforeEach(async () => {
  world = new SecurityWorld();
  world.org();
  await world.secure(acme);
});
const tuples = () => world.fga.tuplesOf("acme-store");
const resync = (key: string) => ({ ...own(fact.resyncDue, key), kind: "Account" });

/** The end is told again, and nothing more is changed. */
async function isOver(key: string): Promise<void> {
  world.changes();
  await world.deliver(world.ending(key));
  expect(world.changes()).toEqual([]);
}

describe("an account that is deleted", () => {
  let before: readonly string[];
  beforeEach(async () => {
    before = tuples();
    world.account();
    await world.secure(team);
    world.told();
  });
  const grant = (object: string, ...users: readonly string[]) =>
    world.fga.stores
      .get("acme-store")
      ?.tuples.push(...users.map((user) => ({ user, relation: "assignee", object: `role:${T}/${object}` })));

  test("S21 loses its tuples and all of its roles, also 250; siblings, parent and children keep theirs", async () => {
    world.account("team-2");
    await world.secure("acme-id/team-2");
    grant("acme-id/team-2/member", "user:carol@x.io");
    grant("team-id/child/owner", "user:dave@x.io");
    const others = tuples().filter((tuple) => !tuple.includes("acme-id/team/") && !tuple.endsWith("acme-id/team"));
    grant("acme-id/team/member", ...Array.from({ length: 250 }, (_, n) => `user:member-${n}@x.io`));
    world.told();
    world.remove(team);
    await world.deliver(world.ending(team));
    expect(tuples()).toEqual(others);
    const tuple = { user: "user:bob@x.io", relation: "owner", object: `${T}:acme-id/team` };
    expect(await world.fga.check({ store: "acme-store", tuple })).toBe(false);
    expect(world.clusters.released.at(-1)).toBe("terminator team-id");
    expect(world.told()).toEqual(["revoked the account is deleted"]);
    await isOver(team);
  });

  test("7.1.10 loses what was granted on objects in its workspace", async () => {
    const object = "core_namespace:team-id/default";
    world.fga.stores.get("acme-store")?.tuples.push({ user: "user:erin@x.io", relation: "member", object });
    world.remove(team);
    await world.deliver(world.ending(team));
    expect(tuples()).toEqual(before);
  });

  test("keeps its workspace until OpenFGA is there again, and tells why", async () => {
    world.remove(team);
    world.fga.failures.set("getStore", new FgaError("OpenFGA is down", { problem: "unavailable", code: "503" }));
    const event = world.ending(team);
    expect(await world.invoke(event)).toMatchObject({ kind: "requeue", ms: 1_000, reason: "OpenFGA is down" });
    expect(world.condition(team, "SecuritySubroutineFinalize")).toBe("False|Stopped|OpenFGA is down");
    expect(world.clusters.released.at(-1)).toBe("initializer team-id");
    world.run.now += 80_000;
    world.fga.failures.set("getStore", new FgaError("no", { problem: "refused", code: "400" }));
    expect(await world.invoke(event)).toMatchObject({ kind: "requeue", ms: 60_000 });
    await world.deliver(event);
    expect(tuples()).toEqual(before);
    expect(world.condition(team, "SecuritySubroutineFinalize")).toBe("True|Complete|");
  });

  test.each<[string, () => void]>([
    ["the org's store is gone already", () => world.fga.stores.clear()],
    ["it was never secured", () => world.kcp.change("Account", "acme-id", "team", { status: null })],
  ])("S22 finishes when %s", async (_name, given) => {
    given();
    world.remove(team);
    await world.deliver(world.ending(team));
    expect(world.clusters.released.at(-1)).toBe("terminator team-id");
  });

  test.each<[string, () => void]>([
    ["by the workspace around it", () => {}],
    ["by the name of its org", () => void world.kcp.objects.delete("AccountInfo acme-id account")],
  ])("is found %s when somebody removed its Account by force", async (_name, given) => {
    given();
    const event = world.ending(team);
    world.kcp.objects.delete("Account acme-id team");
    await world.deliver(event);
    expect(tuples()).toEqual(before);
    expect(world.clusters.released.at(-1)).toBe("terminator team-id");
    expect(world.told()).toEqual(["revoked the account is deleted"]);
  });

  test("S23 leaves nothing to an Account of its name that came before its workspace was gone", async () => {
    const event = world.ending(team);
    world.kcp.objects.delete("Account acme-id team");
    world.kcp.account("team", { type: "account", creator: "mallory@x.io" }, "acme-id");
    world.kcp.change("Account", "acme-id", "team", { metadata: { creationTimestamp: "2026-02-01T00:00:00Z" } });
    await world.deliver(event);
    expect(tuples()).toEqual(before);
  });

  test("decisions 29: without a terminator its finalizer holds it until the workspace is gone", async () => {
    world.kcp.account("old", { type: "account", creator: "bob@x.io" }, "acme-id");
    world.makeWorkspace("old", "acme-id", "root:orgs:acme:old", { isHeld: false });
    world.makeInfo("old", "acme-id", "root:orgs:acme:old");
    const key = "acme-id/old";
    await world.deliver(world.event("Account", key, { verb: "add" }));
    const object = "core_namespace:old-id/default";
    world.fga.stores.get("acme-store")?.tuples.push({ user: "user:erin@x.io", relation: "member", object });
    world.remove(key);
    expect(await world.deliver(world.event("Account", key, { deleting: true }))).toMatchObject({ kind: "drop" });
    world.kcp.objects.delete("Workspace acme-id old");
    await world.deliver(world.event("Workspace", key, { verb: "delete" }));
    expect(tuples().join()).not.toContain("old");
    expect(world.accountOf(key).metadata.finalizers).not.toContain(finalizer.security);
  });

  test("of an Account that stays nothing is taken: its workspace was deleted by hand", async () => {
    const present = tuples();
    await world.deliver(world.ending(team));
    expect(tuples()).toEqual(present);
    expect(world.clusters.released.at(-1)).toBe("terminator team-id");
  });
});

describe("an org that is deleted", () => {
  const leftovers = () =>
    [...world.kcp.objects.keys()].filter((key) => /^(Secret|WorkspaceAuthenticationConfiguration) /.test(key));

  test("S22 loses store, realm, clients, Secrets and configuration; the terminator goes last", async () => {
    const { uid } = world.accountOf(acme).metadata;
    world.remove(acme);
    await world.deliver(world.ending(acme));
    expect(world.fga.stores.size).toBe(0);
    expect(world.identity.organizations.size).toBe(0);
    expect(leftovers()).toEqual([]);
    expect(world.changes().at(-1)).toBe("terminator acme-id");
    expect(world.facts.at(-1)).toMatchObject({ data: { organization: "acme", uid, stores: ["acme-store"] } });
    await world.deliver(world.ending(acme));
    expect(world.changes().filter((change) => !change.startsWith("delete "))).toEqual([]);
  });

  test.each<[string, () => void]>([
    ["the store", () => world.fga.stores.clear()],
    ["the realm", () => world.identity.organizations.clear()],
    ["the Secrets", () => leftovers().forEach((key) => void world.kcp.objects.delete(key))],
    ["its status", () => world.kcp.change("Account", orgsCluster, "acme", { status: null })],
  ])("S22 %s may be missing", async (_name, given) => {
    given();
    world.remove(acme);
    await world.deliver(world.ending(acme));
    expect([world.fga.stores.size, world.identity.organizations.size, leftovers()]).toEqual([0, 0, []]);
    expect(world.clusters.released.at(-1)).toBe("terminator acme-id");
  });

  test("decisions 38: waits until no Account is left in it", async () => {
    world.account();
    world.remove(acme);
    expect(await world.deliver(world.ending(acme))).toMatchObject({
      kind: "waiting",
      reason: "Accounts still exist",
      ref: { kind: "Account", cluster: "acme-id", name: "team" },
    });
    expect(world.condition(acme, "SecuritySubroutineFinalize")).toBe("False|Stopped|Accounts still exist");
    expect(world.fga.stores.size).toBe(1);
    world.kcp.objects.delete("Account acme-id team");
    await world.deliver(own(fact.childDeleted, acme));
    expect(world.fga.stores.size).toBe(0);
  });

  test("goes on where it was when the identity provider is there again", async () => {
    world.remove(acme);
    world.identity.failures.set("removeOrganization", new IdentityError("Keycloak is down", "unavailable"));
    const event = world.ending(acme);
    expect(await world.invoke(event)).toMatchObject({ kind: "requeue", reason: "Keycloak is down" });
    expect(leftovers()).not.toEqual([]);
    world.run.now += 1_000;
    await world.deliver(event);
    expect([world.identity.organizations.size, leftovers()]).toEqual([0, []]);
  });

  test("S22 a realm and a store that are somebody else's stay", async () => {
    world.identity.organizations.clear();
    world.identity.realm("acme", "somebody");
    world.fga.store("acme", { user: "user:somebody", relation: "assignee", object: "role:account-functions/store" });
    world.remove(acme);
    await world.deliver(world.ending(acme));
    expect([...world.identity.organizations]).toMatchObject([["acme", { uid: "somebody" }]]);
    expect([...world.fga.stores.keys()]).toEqual(["acme-store-2"]);
    expect(world.clusters.released.at(-1)).toBe("terminator acme-id");
  });

  test("by force is recognized by whom its Workspace was made for", async () => {
    const event = world.ending(acme);
    world.kcp.objects.delete(`Account ${orgsCluster} acme`);
    await world.deliver(event);
    expect([world.fga.stores.size, world.identity.organizations.size, leftovers()]).toEqual([0, 0, []]);
    expect(world.clusters.released.at(-1)).toBe("terminator acme-id");
  });

  test("by force, and with nothing left to recognize it by, leaves store and realm, and its workspace goes", async () => {
    const event = world.ending(acme);
    world.kcp.objects.delete(`Account ${orgsCluster} acme`);
    world.kcp.change("Workspace", orgsCluster, "acme", { metadata: { ownerReferences: [] } });
    expect(await world.deliver(event)).toMatchObject({
      kind: "drop",
      reason: expect.stringContaining("nothing tells whose"),
    });
    expect([world.fga.stores.size, world.identity.organizations.size]).toEqual([1, 1]);
    expect(world.clusters.released.at(-1)).toBe("terminator acme-id");
  });

  test("after its type was changed by hand is one all the same", async () => {
    world.kcp.change("Account", orgsCluster, "acme", { spec: { type: "account" } });
    world.remove(acme);
    await world.deliver(world.ending(acme));
    expect([world.fga.stores.size, world.identity.organizations.size]).toEqual([0, 0]);
  });

  test("S23 and made again has a store of its own, and nothing of before", async () => {
    const { uid } = world.accountOf(acme).metadata;
    world.remove(acme);
    await world.deliver(world.ending(acme));
    world.kcp.objects.delete(`Workspace ${orgsCluster} acme`);
    world.kcp.objects.delete(`Account ${orgsCluster} acme`);
    world.org("acme", { creator: "carol@x.io" });
    await world.secure(acme);
    expect(world.accountOf(acme).metadata.uid).not.toBe(uid);
    expect([...world.fga.stores.keys()]).toEqual(["acme-store-2"]);
    const text = world.fga.tuplesOf("acme-store-2").join();
    expect(text).not.toContain("alice@x.io");
    expect(text).toContain("user:carol@x.io assignee");
    expect(world.condition(acme)).toBe("True|Complete|");
    await world.deliver(resync(acme));
  });
});

test("a workspace of nobody's Account is let go", async () => {
  const event = { ...world.ending(acme), accountkey: "elsewhere/thing", kcpcluster: "thing-id", kcppath: "root:thing" };
  world.kcp.cluster("thing-id", "root:thing", "Ready");
  world.kcp.change("LogicalCluster", "thing-id", "cluster", { status: { terminators: ["root:security"] } });
  await world.deliver(event);
  expect(world.clusters.released.at(-1)).toBe("terminator thing-id");
  expect(world.fga.stores.size).toBe(1);
});

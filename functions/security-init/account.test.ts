import { beforeEach, describe, expect, test } from "vitest";
import { fact } from "../../shared/event.ts";
import { finalizer } from "../../shared/names.ts";
import { orgsCluster } from "../../test/fake-kcp.ts";
import { own } from "../../test/run-functions.ts";
import { acme, marker, SecurityWorld, team } from "../../test/security-world.ts";

const T = "core_platform-mesh_io_account";
let world: SecurityWorld;
beforeEach(() => {
  world = new SecurityWorld();
});
const tuples = () => world.fga.tuplesOf("acme-store");
const tuplesOf = (cluster: string, name: string, parent: string, creator: string) => [
  `${T}:${parent} parent ${T}:${cluster}/${name}`,
  `role:${T}/${cluster}/${name}/owner#assignee owner ${T}:${cluster}/${name}`,
  `user:${creator} assignee role:${T}/${cluster}/${name}/owner`,
];
const resync = (key: string) => ({ ...own(fact.resyncDue, key), kind: "Account" });

async function isAtRest(key: string): Promise<void> {
  world.changes();
  await world.deliver(resync(key));
  expect(world.changes()).toEqual([]);
}

describe("an account", () => {
  beforeEach(async () => {
    world.org();
    await world.secure(acme);
  });

  test("S11 has exactly its three tuples, at depth 1, 2 and 5; only their owners own them", async () => {
    const before = tuples();
    const wanted: string[] = [];
    let [cluster, path, parent] = ["acme-id", "root:orgs:acme", `${orgsCluster}/acme`];
    for (const depth of [1, 2, 3, 4, 5]) {
      const name = `level-${depth}`;
      const key = world.account(name, { cluster, path, creator: `creator-${depth}@x.io` });
      await world.secure(key);
      wanted.push(...tuplesOf(cluster, name, parent, `creator-${depth}@x.io`));
      const asks = (user: string, relation = "owner") =>
        world.fga.check({ store: "acme-store", tuple: { user, relation, object: `${T}:${key}` } });
      expect(await asks("user:alice@x.io")).toBe(true);
      expect(await asks(`user:creator-${depth}@x.io`)).toBe(true);
      expect(await asks("user:stranger@x.io", "member")).toBe(false);
      await isAtRest(key);
      [cluster, path, parent] = [`${name}-id`, `${path}:${name}`, key];
    }
    expect(tuples()).toEqual([...before, ...wanted].toSorted());
  });

  test("S12 takes store and issuer from its AccountInfo, and nothing is made for it besides tuples", async () => {
    world.identity.asked();
    world.account();
    await world.secure(team);
    expect(world.steps(team)).toEqual(["creator: Done", "tuples: Done", "release: Done"]);
    expect(world.identity.asked()).toEqual([]);
    expect(world.fga.stores.size).toBe(1);
    expect(world.kcp.get("AccountInfo", "team-id", "account")?.spec.fga.store.id).toBe("acme-store");
  });

  test("8B.9 its grant is told once, whoever looks", async () => {
    world.told();
    world.account();
    await world.secure(team);
    await world.deliver(resync(team));
    expect(world.told()).toEqual(["secured", "granted creator of the account"]);
  });

  test("8B.5 waits for a store that is gone from OpenFGA rather than write into it", async () => {
    world.account();
    world.fga.stores.delete("acme-store");
    expect(await world.deliver(world.held(team))).toMatchObject({
      kind: "waiting",
      ref: { kind: "AccountInfo", cluster: "team-id" },
    });
    expect(world.condition(team)).toBe("False|Stopped|tuples: store acme-store of org acme does not exist in OpenFGA");
    expect(world.clusters.released).toEqual(["initializer acme-id"]);
  });

  test("decisions 39: a ServiceAccount owns as that of the workspace it lives in", async () => {
    world.account("ci", { creator: "system:serviceaccount:default:ci" });
    await world.secure("acme-id/ci");
    const user = "user:system.kcp.serviceaccount.acme-id.default.ci";
    expect(tuples()).toContain(`${user} assignee role:${T}/acme-id/ci/owner`);
  });

  test("8B.1 a creator who was removed stays removed: by any look, a lost status, a Membership's end", async () => {
    world.account();
    await world.secure(team);
    const store = world.fga.stores.get("acme-store");
    const seed = `user:bob@x.io assignee role:${T}/acme-id/team/owner`;
    const at = store?.tuples.findIndex(({ user }) => user === "user:bob@x.io") ?? -1;
    store?.tuples.splice(at, 1);
    await isAtRest(team);
    world.kcp.change("Account", "acme-id", "team", { status: null });
    await world.deliver(resync(team));
    expect(tuples()).not.toContain(seed);
    // All roles of it were deleted, and its status was lost: the annotation alone knows.
    world.kcp.change("Account", "acme-id", "team", {
      status: null,
      metadata: { annotations: { "account-functions.platform-mesh.io/creator-removed": "2026-01-01T00:00:00Z" } },
    });
    store?.tuples.splice(0, store.tuples.length, ...store.tuples.filter(({ object }) => !object.includes("team")));
    await world.deliver(resync(team));
    expect(tuples()).toEqual(expect.arrayContaining(tuplesOf("acme-id", "team", acme, "bob@x.io").slice(0, 2)));
    expect(tuples()).not.toContain(seed);
  });

  test("decisions 29: made while security was off, it is held by a finalizer of the Account", async () => {
    world.kcp.account("old", { type: "account", creator: "bob@x.io" }, "acme-id");
    world.makeWorkspace("old", "acme-id", "root:orgs:acme:old", { isHeld: false });
    world.makeInfo("old", "acme-id", "root:orgs:acme:old");
    await world.deliver(world.event("Account", "acme-id/old", { verb: "add" }));
    expect(world.accountOf("acme-id/old").metadata.finalizers).toEqual([finalizer.security]);
    expect(tuples()).toEqual(expect.arrayContaining(tuplesOf("acme-id", "old", acme, "bob@x.io")));
    expect(world.clusters.released).toEqual(["initializer acme-id"]);
    await isAtRest("acme-id/old");
  });

  test("a workspace that was deleted by hand and made anew is secured and let go of again", async () => {
    world.account();
    await world.secure(team);
    await world.deliver(world.ending(team));
    expect(world.clusters.released.at(-1)).toBe("terminator team-id");
    const before = tuples();
    world.kcp.objects.delete("Workspace acme-id team");
    world.makeWorkspace("team", "acme-id", "root:orgs:acme:team", { id: "team-2" });
    world.makeInfo("team", "acme-id", "root:orgs:acme:team", "team-2");
    await world.deliver(world.held(team));
    expect(world.clusters.released.at(-1)).toBe("initializer team-2");
    expect(world.accountOf(team).status?.security).toMatchObject({ cluster: "team-2", creatorSeeded: true });
    expect(tuples()).toEqual(before);
    expect(world.kcp.get("LogicalCluster", "team-2", "cluster")?.status?.terminators).toEqual([marker]);
  });
});

describe("S14 order and repetition change nothing of how it ends", () => {
  test.each([1, 2, 10])("each event comes %i times", async (times) => {
    world.org();
    world.account();
    for (const key of [acme, team]) {
      world.makeInfo(key === acme ? "acme" : "team", key.split("/")[0] ?? "", world.pathOf(key));
      const event = world.held(key);
      for (let n = 0; n < times; n++) await world.deliver(event);
      world.becomeReady(key);
      const info = world.event("AccountInfo", key);
      for (let n = 0; n < times; n++) await world.deliver(info);
    }
    expect(world.clusters.released).toEqual(["initializer acme-id", "initializer team-id"]);
    expect(world.fga.asked()).toEqual([
      ...["createStore acme", "writeModel acme-store", "write acme-store +3 -0", "write acme-store +3 -0"],
    ]);
    expect(world.identity.changed()).toEqual([
      ...["make organization acme", "make client acme acme", "make client acme kubectl", "invite acme alice@x.io"],
    ]);
    expect(world.condition(acme)).toBe("True|Complete|");
    expect(world.condition(team)).toBe("True|Complete|");
  });

  test("an account that comes before its org waits for the org's store, and is not let go", async () => {
    world.org();
    world.account();
    expect(await world.deliver(world.held(team))).toMatchObject({ kind: "waiting" });
    expect(world.condition(team)).toBe("False|Stopped|tuples: the org has no store yet");
    expect(world.clusters.released).toEqual([]);
    await world.secure(acme);
    world.makeInfo("team", "acme-id", "root:orgs:acme:team");
    await world.deliver(world.event("AccountInfo", team));
    world.becomeReady(team);
    await world.deliver(world.event("AccountInfo", team));
    expect(world.clusters.released).toEqual(["initializer acme-id", "initializer team-id"]);
    await isAtRest(team);
  });
});

test.each(["acme", "team"])(
  "S13 without AccountInfo nothing is made for %s yet, and nothing is said to be wrong",
  async (name) => {
    world.org();
    if (name === "team") world.account();
    const key = name === "team" ? team : acme;
    world.kcp.objects.delete(`AccountInfo ${name}-id account`);
    expect(await world.deliver(world.held(key))).toMatchObject({
      kind: "waiting",
      reason: "AccountInfo not found yet",
      ref: { kind: "AccountInfo", cluster: `${name}-id`, name: "account" },
    });
    expect(world.fga.stores.size).toBe(0);
    expect(world.condition(key) ?? "").not.toContain("Error");
  },
);

test("an account that calls itself an org gets no store and no realm", async () => {
  world.org();
  await world.secure(acme);
  world.account();
  world.kcp.change("Account", "acme-id", "team", { spec: { type: "org" }, metadata: { generation: 2 } });
  world.changes();
  expect(await world.deliver(world.held(team))).toMatchObject({ kind: "drop" });
  expect(world.fga.stores.size).toBe(1);
  expect([...world.identity.organizations.keys()]).toEqual(["acme"]);
});

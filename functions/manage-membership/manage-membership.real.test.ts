import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { fact } from "../../shared/event.ts";
import { createFga, type FgaClient } from "../../shared/fga/client.ts";
import { accountObject, accountTuples, fgaUser, formatTuple } from "../../shared/fga/tuples.ts";
import { orgsCluster } from "../../test/fake-kcp.ts";
import { MembershipWorld } from "../../test/membership-world.ts";
import { makeOrgStore } from "../../test/org-store.ts";
import { own } from "../../test/run-functions.ts";
import { startOpenFga, type TestOpenFga } from "../../test/servers.ts";

const acme = { cluster: orgsCluster, name: "acme" };
const team = { cluster: "acme-id", name: "team" };
const creator = "creator-of-acme@x.io";

describe("Memberships on a real OpenFGA", () => {
  let server: TestOpenFga;
  let fga: FgaClient;
  let store: string;
  let world: MembershipWorld;

  beforeAll(async () => {
    server = await startOpenFga();
    fga = createFga(server);
  });
  afterAll(async () => {
    fga?.close();
    await server?.stop();
  });
  beforeEach(async () => {
    store = await makeOrgStore(fga, acme, creator);
    const writes = accountTuples(team, acme, "creator-of-team@x.io");
    await fga.write({ store, writes, deletes: [] });
    world = new MembershipWorld({}, { fga, store });
  });

  const may = (who: string, relation: string, account = acme, cluster?: string) =>
    fga.check({ store, tuple: { user: fgaUser(who, cluster), relation, object: accountObject(account) } });
  const tuples = async () => (await fga.read({ store, filter: {} })).map(formatTuple).toSorted();
  const resync = (account: string) => world.invoke({ ...own(fact.resyncDue, account), id: `resync ${account}` });

  test("000-F32, 000-F33 a member works in the account alone, an owner in all below, and who is removed nowhere", async () => {
    const before = await tuples();
    world.member("bob", "member", { cluster: "team-id" });
    await world.settle("team-id");
    expect([await may("bob@x.io", "get", team), await may("bob@x.io", "delete", team)]).toEqual([true, false]);
    expect(await may("bob@x.io", "get")).toBe(false);
    world.member("carol", "owner");
    await world.settle();
    expect([await may("carol@x.io", "delete"), await may("carol@x.io", "manage_iam_roles", team)]).toEqual([
      true,
      true,
    ]);
    world.remove("bob", "team-id");
    world.remove("carol");
    await world.settle("team-id");
    await world.settle();
    expect([await may("bob@x.io", "get", team), await may("carol@x.io", "get")]).toEqual([false, false]);
    expect(await tuples()).toEqual(before);
  });

  test("a role that changes is one atomic change, and a second run changes nothing", async () => {
    world.member("bob", "member");
    await world.settle();
    world.edit("bob", { role: "owner" });
    await world.settle();
    expect([await may("bob@x.io", "delete"), await may("bob@x.io", "delete", team)]).toEqual([true, true]);
    const after = await tuples();
    await resync(`${orgsCluster}/acme`);
    expect([await tuples(), world.kcp.written()]).toEqual([after, []]);
    world.edit("bob", { role: "member" });
    await world.settle();
    expect([await may("bob@x.io", "get"), await may("bob@x.io", "delete")]).toEqual([true, false]);
  });

  test("8B.11 users of all kinds are the same to who writes and who asks, up to the longest name", async () => {
    const names = ["kcp-admin", "a:b.c%d", "x".repeat(507), "ümläut@x.io"];
    for (const [index, subject] of names.entries()) world.member(`m${index}`, "member", { subject });
    world.member("ci", "member", { subject: "system:serviceaccount:default:ci" });
    world.member("long", "member", { subject: `${":.".repeat(200)}` });
    await world.settle();
    for (const name of names) expect(await may(name, "get"), name).toBe(true);
    expect(await may("system:serviceaccount:default:ci", "get", acme, "acme-id")).toBe(true);
    expect(await may("system:serviceaccount:default:ci", "get", acme, "other-id")).toBe(false);
    expect(world.says("long")).toMatch(/^False\|Invalid/);
  });

  test("S19 a hundred and fifty people at once, and as many who leave", async () => {
    const before = await tuples();
    const people = Array.from({ length: 150 }, (_, index) => `p${index}`);
    for (const name of people) world.member(name, "member");
    await world.settle();
    expect(await tuples()).toHaveLength(before.length + 151);
    for (const name of people) world.remove(name);
    await world.settle();
    expect(await tuples()).toEqual(before);
  });

  test("8B.13 the last owner of an org stays owner; another one frees the way", async () => {
    world.member("creator", "owner", { subject: creator });
    await world.settle();
    world.remove("creator");
    await world.settle();
    expect([world.says("creator")?.split("|")[1], await may(creator, "delete")]).toEqual(["LastOwner", true]);
    world.member("bob", "owner");
    await world.settle();
    expect([world.get("creator"), await may(creator, "get"), await may("bob@x.io", "delete")]).toEqual([
      undefined,
      false,
      true,
    ]);
  });

  test("8B.5 nothing is written to a store that is deleted, though OpenFGA would take it", async () => {
    await fga.deleteStore({ id: store });
    world.member("bob", "owner");
    expect(await world.settle()).toMatchObject({ kind: "waiting" });
    expect(world.says("bob")).toContain(`the OpenFGA store ${store} of the org is gone`);
    world.remove("bob");
    await world.settle();
    expect(world.get("bob")).toBeUndefined();
  });

  test("a role that another tool took away comes back with the resync; what another tool gave stays", async () => {
    world.member("bob", "member");
    await world.settle();
    const foreign = {
      user: "user:eve@x.io",
      relation: "assignee",
      object: `role:core_platform-mesh_io_account/${orgsCluster}/acme/member`,
    };
    const [bobs] = await fga.read({ store, filter: { user: "user:bob@x.io", object: "role:" } });
    await fga.write({ store, writes: [foreign], deletes: bobs ? [bobs] : [] });
    expect(await may("bob@x.io", "get")).toBe(false);
    await resync(`${orgsCluster}/acme`);
    expect([await may("bob@x.io", "get"), await may("eve@x.io", "get")]).toEqual([true, true]);
    world.remove("bob");
    await world.settle();
    expect([await may("bob@x.io", "get"), await may("eve@x.io", "get")]).toEqual([false, true]);
  });
});

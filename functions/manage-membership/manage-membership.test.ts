import { beforeEach, describe, expect, test } from "vitest";
import { fact, resource } from "../../shared/event.ts";
import { FgaError } from "../../shared/fga/fga.ts";
import { IdentityError } from "../../shared/identity/identity.ts";
import { finalizer } from "../../shared/names.ts";
import { orgsCluster } from "../../test/fake-kcp.ts";
import { MembershipWorld } from "../../test/membership-world.ts";
import { own } from "../../test/run-functions.ts";

const T = "core_platform-mesh_io_account";
const acme = `${T}/${orgsCluster}/acme`;
const person = (who: string, role: string, account = acme) => `user:${who}@x.io assignee role:${account}/${role}`;
const link = (role: string, account = acme) =>
  `role:${account}/${role}#assignee ${role} ${account.replace(`${T}/`, `${T}:`)}`;
const seed = [link("owner"), person("creator-of-acme", "owner")].sort();

let world: MembershipWorld;
beforeEach(() => {
  world = new MembershipWorld();
  for (const text of seed) {
    const [user = "", relation = "", object = ""] = text.split(" ");
    world.fga.stores.get(world.store)?.tuples.push({ user, relation, object });
  }
});
const tuples = () => world.fga.tuplesOf(world.store);
/** Nothing more is written, nor asked of other servers. */
async function isAtRest(): Promise<void> {
  world.fga.asked();
  world.identity.asked();
  await world.settle();
  await world.invoke({ ...own(fact.resyncDue, `${orgsCluster}/acme`), id: "resync" });
  expect([world.kcp.written(), world.fga.asked(), world.identity.asked()]).toEqual([[], [], []]);
}

describe("decisions 34: a Membership gives a role", () => {
  test("security 2.4: one write holds the role's link and the person; a second run writes nothing", async () => {
    world.member("bob", "member");
    await world.settle();
    expect(tuples()).toEqual([...seed, link("member"), person("bob", "member")].sort());
    expect(world.fga.asked()).toEqual([`write ${world.store} +2 -0`]);
    expect(world.says("bob")).toBe("True|Granted|bob@x.io is member of root:orgs:acme");
    expect(world.get("bob")?.status).toMatchObject({ store: world.store, roles: ["member"], subject: "bob@x.io" });
    expect(world.told()).toEqual(["granted member bob@x.io"]);
    await isAtRest();
  });

  test("the finalizer, and what is about to be granted, are written before the tuples are", async () => {
    world.member("bob", "member");
    world.fga.failures.set("write", new FgaError("down", { problem: "unavailable", code: "503" }));
    expect(await world.invoke(world.event())).toMatchObject({ kind: "requeue", ms: 1000, reason: "down" });
    expect(world.isHeld("bob")).toBe(true);
    expect(world.get("bob")?.status).toMatchObject({ store: world.store, roles: ["member"] });
    expect(world.says("bob")).toBe("False|Granting|bob@x.io becomes member");
    await world.settle();
    expect(world.says("bob")).toMatch(/^True/);
  });

  test("in a child account the object is the account's, and a ServiceAccount is that of this workspace", async () => {
    world.member("ci", "owner", { cluster: "team-id", subject: "system:serviceaccount:default:ci" });
    await world.settle("team-id");
    const team = `${T}/acme-id/team`;
    const user = "user:system.kcp.serviceaccount.team-id.default.ci";
    expect(tuples()).toEqual([...seed, link("owner", team), `${user} assignee role:${team}/owner`].sort());
    expect(world.says("ci", "Invited", "team-id")).toMatch(/^True\|Skipped\|.* is no e-mail address/);
  });

  test("waits for the org's store, and goes on when AccountInfo has it", async () => {
    world.secure("");
    world.member("bob", "member");
    expect(await world.settle()).toMatchObject({
      kind: "waiting",
      ref: { kind: "AccountInfo", cluster: "acme-id", name: "account" },
    });
    expect(world.says("bob")).toBe("False|Waiting|the org has no OpenFGA store yet");
    world.secure();
    await world.settle();
    expect(world.says("bob")).toMatch(/^True/);
  });

  test("8B.5 a store that is gone takes no tuples; the next one gets them", async () => {
    world.member("bob", "member");
    world.fga.stores.delete(world.store);
    await world.settle();
    expect(world.says("bob")).toBe(`False|Waiting|the OpenFGA store ${world.store} of the org is gone`);
    world.store = world.fga.store("acme");
    world.secure();
    await world.settle();
    expect(tuples()).toEqual([link("member"), person("bob", "member")].sort());
    await isAtRest();
  });

  test.each(["*", "", "two words", "a#b", "x".repeat(508)])(
    "S16 %j is refused, and no tuple is written",
    async (subject) => {
      world.member("odd", "owner", { subject });
      await world.settle();
      expect(world.says("odd")).toMatch(/^False\|Invalid\|subject .* is no user: .*; give an e-mail address/);
      expect(tuples()).toEqual(seed);
      world.remove("odd");
      await world.settle();
      expect(world.get("odd")).toBeUndefined();
      expect(tuples()).toEqual(seed);
    },
  );

  test("a role changes in one atomic write", async () => {
    world.member("bob", "member");
    await world.settle();
    world.told();
    world.fga.asked();
    world.edit("bob", { role: "owner" });
    await world.settle();
    expect(world.fga.asked()).toEqual([`write ${world.store} +1 -2`]);
    expect(tuples()).toEqual([...seed, person("bob", "owner")].sort());
    expect(world.told().toSorted()).toEqual(["granted owner bob@x.io", "revoked member bob@x.io"]);
    await isAtRest();
  });

  test("the subject cannot be changed: who had the role keeps it until the Membership goes", async () => {
    world.member("bob", "member");
    await world.settle();
    world.edit("bob", { subject: "mallory@x.io" });
    await world.settle();
    expect(world.says("bob")).toMatch(/^False\|SubjectChanged\|the subject cannot be changed: bob@x.io keeps/);
    expect(tuples()).toContain(person("bob", "member"));
    world.remove("bob");
    await world.settle();
    expect(tuples()).toEqual(seed);
  });

  test("a tuple that somebody else deleted is written again by the resync", async () => {
    world.member("bob", "member");
    await world.settle();
    world.fga.stores.get(world.store)?.tuples.pop();
    await world.invoke(own(fact.resyncDue, `${orgsCluster}/acme`));
    expect(tuples()).toContain(person("bob", "member"));
  });

  test("outside of any account nothing is granted, and the Membership says where it belongs", async () => {
    world.kcp.cluster("elsewhere", "root:orgs");
    world.member("bob", "owner", { cluster: "elsewhere" });
    await world.invoke(world.event("elsewhere", { accountkey: "root/orgs" }));
    expect(world.says("bob", "Ready", "elsewhere")).toMatch(/^False\|NoAccount/);
    expect(tuples()).toEqual(seed);
  });
});

describe("a deleted Membership takes the role away", () => {
  test("7.1.18: with the last person the role's link goes; the finalizer goes last", async () => {
    world.member("bob", "member");
    await world.settle();
    world.told();
    world.remove("bob");
    await world.invoke(world.event());
    expect(tuples()).toEqual(seed);
    expect(world.isHeld("bob")).toBe(true);
    await world.settle();
    expect(world.get("bob")).toBeUndefined();
    expect(world.told()).toEqual(["revoked member bob@x.io"]);
  });

  test("also when somebody has taken our finalizer off, and that is told once", async () => {
    world.member("bob", "member");
    await world.settle();
    world.told();
    const last = world.get("bob");
    world.kcp.objects.delete("Membership acme-id bob");
    const event = world.event("acme-id", { type: resource.delete, deleting: "true", data: last });
    await world.invoke(event);
    await world.invoke(event, 2);
    expect(tuples()).toEqual(seed);
    expect(world.told()).toEqual(["revoked member bob@x.io"]);
    const unseen = { metadata: last?.metadata };
    expect(await world.invoke({ ...event, data: unseen })).toMatchObject({ kind: "drop" });
  });

  test("not a role that it never gave: the creator who was made a member stays owner", async () => {
    world.member("creator", "member", { subject: "creator-of-acme@x.io" });
    await world.settle();
    world.remove("creator");
    await world.settle();
    expect(tuples()).toEqual(seed);
  });

  test("not what another Membership of the same person still gives", async () => {
    world.member("bob", "member");
    world.member("bob-again", "member", { subject: "bob@x.io" });
    world.member("bob-too", "owner", { subject: "bob@x.io" });
    await world.settle();
    world.remove("bob");
    await world.settle();
    expect(world.get("bob")).toBeUndefined();
    expect(tuples()).toEqual([...seed, link("member"), person("bob", "member"), person("bob", "owner")].sort());
    expect(world.identity.asked()).not.toContain("revoke acme bob@x.io");
    world.remove("bob-again");
    await world.settle();
    expect(tuples()).toEqual([...seed, person("bob", "owner")].sort());
    await isAtRest();
  });

  test("8B.13 the last owner of an org stays until there is another one, and is told how", async () => {
    world.member("bob", "owner");
    await world.settle();
    world.member("creator", "owner", { subject: "creator-of-acme@x.io" });
    await world.settle();
    world.remove("creator");
    await world.settle();
    expect(tuples()).toEqual([link("owner"), person("bob", "owner")].sort());
    world.remove("bob");
    expect(await world.settle()).toMatchObject({ kind: "waiting", reason: "the last owner stays" });
    expect(world.says("bob")).toMatch(
      /^False\|LastOwner\|bob@x.io is the last owner of root:orgs:acme: make somebody else owner first \(pm member add/,
    );
    expect(tuples()).toEqual([link("owner"), person("bob", "owner")].sort());
    world.member("carol", "owner");
    await world.settle();
    expect(world.get("bob")).toBeUndefined();
    expect(tuples()).toEqual([link("owner"), person("carol", "owner")].sort());
  });

  test("8B.13 nor does the last owner become a member, and of two who go at once one stays", async () => {
    world.member("creator", "owner", { subject: "creator-of-acme@x.io" });
    await world.settle();
    world.edit("creator", { role: "member" });
    await world.settle();
    expect(world.says("creator")).toMatch(/^False\|LastOwner\|.*the role changes by itself then/);
    expect(tuples()).toEqual(seed);
    world.member("bob", "owner");
    await world.settle();
    expect(world.says("creator")).toMatch(/^True/);
    world.member("carol", "owner");
    await world.settle();
    world.remove("bob");
    world.remove("carol");
    await world.settle();
    expect([world.get("bob"), world.get("carol")].filter(Boolean)).toHaveLength(1);
    expect(tuples().filter((tuple) => tuple.endsWith("acme/owner"))).toHaveLength(1);
  });

  test("a child account may lose its last owner: the org's owners have it", async () => {
    world.member("bob", "owner", { cluster: "team-id" });
    await world.settle("team-id");
    world.remove("bob", "team-id");
    await world.settle("team-id");
    expect(world.get("bob", "team-id")).toBeUndefined();
    // The link is structure: it tells security-init that the creator was made owner once.
    expect(tuples()).toEqual([...seed, link("owner", `${T}/acme-id/team`)].sort());
  });

  test.each([
    ["the Account", () => world.kcp.change("Account", orgsCluster, "acme", deleting)],
    ["the workspace", () => world.kcp.change("LogicalCluster", "acme-id", "cluster", deleting)],
  ])("nothing holds the last owner when %s is being deleted", async (_what, deleteIt) => {
    world.member("bob", "owner");
    await world.settle();
    world.fga.stores.get(world.store)?.tuples.splice(0, 2);
    deleteIt();
    world.kcp.delete("AccountInfo acme-id account");
    world.remove("bob");
    await world.settle();
    expect(world.get("bob")).toBeUndefined();
    expect(tuples()).toEqual([]);
  });

  test("nor when the org's store, or the whole Account, is gone", async () => {
    world.member("bob", "owner");
    world.member("carol", "owner");
    await world.settle();
    world.fga.stores.clear();
    world.remove("bob");
    await world.settle();
    expect(world.get("bob")).toBeUndefined();
    world.kcp.delete(`Account ${orgsCluster} acme`);
    world.remove("carol");
    await world.settle();
    expect(world.get("carol")).toBeUndefined();
  });

  test("8B.1 the creator, whom no Membership made owner, is removed by one that goes at once, and that is noted", async () => {
    world.member("bob", "owner");
    await world.settle();
    world.kcp.put("Membership", "acme-id", {
      metadata: { name: "creator", finalizers: [finalizer.membership] },
      spec: { subject: "creator-of-acme@x.io", role: "owner" },
    } as never);
    world.remove("creator");
    await world.settle();
    expect(world.get("creator")).toBeUndefined();
    expect(tuples()).toEqual([link("owner"), person("bob", "owner")].sort());
    expect(world.kcp.get("Account", orgsCluster, "acme")?.metadata.annotations).toMatchObject({
      "account-functions.platform-mesh.io/creator-removed": "2026-01-01T00:00:00Z",
    });
  });
});
const deleting = { metadata: { deletionTimestamp: "2026-01-01T00:01:00Z", finalizers: ["held"] } };

describe("8B.12 an e-mail address is invited", () => {
  test("once, and what was not accepted is taken back with the last role in the org", async () => {
    world.member("bob", "member");
    world.member("bob", "member", { cluster: "team-id" });
    await world.settle();
    await world.settle("team-id");
    expect(world.identity.asked()).toEqual(["invite acme bob@x.io", "invite acme bob@x.io"]);
    expect(world.says("bob", "Invited")).toBe("True|Invited|the invitation is sent");
    expect(world.says("bob", "Invited", "team-id")).toMatch(/^True\|Exists/);
    world.remove("bob");
    await world.settle();
    expect(world.identity.asked()).toEqual([]);
    world.remove("bob", "team-id");
    await world.settle("team-id");
    expect(world.identity.asked()).toEqual(["revoke acme bob@x.io"]);
  });

  test("not by a provider that keeps no users of ours, which is no failure", async () => {
    world.identity.answer = "unsupported";
    world.member("bob", "member");
    await world.settle();
    expect(world.says("bob", "Invited")).toMatch(/^True\|Skipped/);
    expect(world.says("bob")).toMatch(/^True/);
  });

  test("as soon as the org has an issuer; the role does not wait for it", async () => {
    world.kcp.change("AccountInfo", "acme-id", "account", { spec: { oidc: null } });
    world.member("bob", "member");
    await world.settle();
    expect([world.says("bob"), world.says("bob", "Invited")]).toEqual([
      expect.stringMatching(/^True/),
      expect.stringMatching(/^Unknown\|Waiting/),
    ]);
    world.secure();
    await world.settle();
    expect(world.says("bob", "Invited")).toMatch(/^True\|Invited/);
  });

  test("a provider that is down is asked again, what it refuses is told; others are not kept waiting", async () => {
    world.identity.failure = new IdentityError("no answer", "unavailable");
    world.member("bob", "member");
    world.member("carol", "member");
    expect(await world.invoke(world.event())).toMatchObject({ kind: "requeue", reason: "no answer" });
    expect(world.says("bob")).toBe("False|Error|the invitation could not be sent: no answer");
    expect(world.says("carol")).toMatch(/^True/);
    expect(tuples()).toContain(person("bob", "member"));
    world.identity.failure = new IdentityError("not at this domain", "refused");
    await world.settle();
    expect(world.says("bob")).toMatch(/^True/);
  });
});

describe("8B.9 audit", () => {
  test("one fact a change, the same however often the event comes, and on no other event", async () => {
    world.member("bob", "member");
    const event = world.event();
    await world.invoke(event);
    const [first] = world.facts.splice(0);
    expect(first).toMatchObject({
      type: "io.platform-mesh.access.granted",
      subject: "root:orgs:acme",
      data: {
        ...{ subject: "bob@x.io", role: "member", path: "root:orgs:acme", account: "acme", origin: orgsCluster },
        ...{ why: "Membership bob", cause: event.id, before: false, after: true },
        tuple: { user: "user:bob@x.io", relation: "assignee", object: `role:${acme}/member` },
      },
    });
    await world.invoke(event, 2);
    expect(world.facts.splice(0)).toEqual([first]);
    await world.settle();
    expect(world.facts).toEqual([]);
  });

  test("a crash after the tuples are written, and before that is said, loses no fact", async () => {
    world.member("bob", "member");
    const event = world.event();
    const said = world.kcp.writer.mergePatch;
    let statuses = 0;
    Object.assign(world.kcp.writer, {
      mergePatch: (...args: Parameters<typeof said>) => {
        if (args[1].subresource === "status" && ++statuses === 2) throw new Error("crash");
        return said(...args);
      },
    });
    await expect(world.invoke(event)).rejects.toThrow("crash");
    await world.invoke(event, 2);
    expect(world.told()).toEqual(["granted member bob@x.io"]);
  });

  test("names nobody when subjects are to be hashed", async () => {
    world = new MembershipWorld({ hashSubjects: true });
    world.member("bob", "member");
    world.member("ci", "member", { subject: "ci-robot" });
    await world.settle();
    expect(JSON.stringify(world.facts)).not.toContain("bob@x.io");
    expect(world.told()).toEqual([
      expect.stringMatching(/^granted member sha256:[0-9a-f]{64}$/),
      expect.stringMatching(/^granted member ci-robot$/),
    ]);
  });
});

test("S18 OpenFGA that is down is asked again for ever, ever more patiently, and that is told when it lasts", async () => {
  world.member("bob", "member");
  const event = world.event();
  const down = () => world.fga.failures.set("write", new FgaError("down", { problem: "unavailable", code: "503" }));
  down();
  await world.invoke(event);
  world.now += 20_000;
  down();
  expect(await world.invoke(event)).toMatchObject({ kind: "requeue", ms: 5_000 });
  expect(world.says("bob")).toBe("False|Error|the role cannot be changed now: down");
  world.now += 3_600_000;
  world.fga.failures.set("getStore", new FgaError("down", { problem: "unavailable", code: "503" }));
  expect(await world.invoke(event)).toMatchObject({ kind: "requeue", ms: 60_000 });
  await world.settle();
  expect(world.says("bob")).toMatch(/^True/);
  expect(world.told()).toEqual(["granted member bob@x.io"]);
});

test("what OpenFGA refuses is told at once and not tried again; those who have their roles are not concerned", async () => {
  world.member("bob", "member");
  await world.settle();
  world.member("carol", "owner");
  world.fga.failures.set("write", new FgaError("bad type", { problem: "refused", code: "validation_error" }));
  expect(await world.invoke(world.event())).toMatchObject({ kind: "drop", reason: "bad type" });
  expect([world.says("carol"), world.says("bob")]).toEqual([
    "False|Error|the role cannot be changed now: bad type",
    expect.stringMatching(/^True/),
  ]);
});

import { beforeEach, describe, expect, test } from "vitest";
import { fact } from "../../shared/event.ts";
import { FgaError } from "../../shared/fga/fga.ts";
import { IdentityError } from "../../shared/identity/identity.ts";
import { ApiError } from "../../shared/kcp/client.ts";
import { UnreachableError } from "../../shared/kcp/errors.ts";
import { annotation } from "../../shared/names.ts";
import { orgsCluster } from "../../test/fake-kcp.ts";
import { own } from "../../test/run-functions.ts";
import { acme, SecurityWorld } from "../../test/security-world.ts";

let world: SecurityWorld;
beforeEach(() => {
  world = new SecurityWorld();
});
const resync = { ...own(fact.resyncDue, acme), kind: "Account" };
const held = () => world.kcp.get("LogicalCluster", "acme-id", "cluster")?.status?.initializers;

/** Nothing is made and nothing let go; a second look changes nothing. */
async function isRefused(part: string, message: RegExp | string): Promise<void> {
  expect(await world.deliver(world.held(acme))).toMatchObject({ kind: "drop" });
  expect(world.step(acme, part)).toMatchObject({ state: "Failed", attempts: 1 });
  expect(world.condition(acme)).toMatch(message);
  expect(held()).toContain("root:security");
  world.changes();
  for (const event of [world.held(acme), world.event("Account", acme), resync]) await world.deliver(event);
  expect(world.changes()).toEqual([]);
}

describe("S16 a creator", () => {
  test("who is missing is waited for: no store, no tuple, and the initializer stays", async () => {
    world.org("acme", { creator: "" });
    await isRefused("creator", /^False\|Error\|creator: spec.creator is empty/);
    expect(world.fga.stores.size).toBe(0);
    world.kcp.change("Account", orgsCluster, "acme", { spec: { creator: "alice@x.io" }, metadata: { generation: 2 } });
    await world.deliver(world.event("Account", acme));
    world.becomeReady(acme);
    await world.deliver(resync);
    expect(world.condition(acme)).toBe("True|Complete|");
    expect(world.step(acme, "creator")).toMatchObject({ state: "Done", attempts: 0 });
  });

  test.each(["*", "two words", "a#b", "x".repeat(508)])(
    "named %j can be no user, and nothing is made",
    async (creator) => {
      world.org("acme", { creator });
      await isRefused("creator", /^False\|Error\|creator: ".*" can be no user of OpenFGA/);
      expect(world.fga.stores.size).toBe(0);
      expect(world.identity.asked()).toEqual([]);
    },
  );

  test("S17 who is no e-mail address owns the org all the same, and is not invited", async () => {
    world.org("acme", { creator: "kcp-admin" });
    await world.secure(acme);
    expect(world.fga.tuplesOf("acme-store").join()).toContain("user:kcp-admin assignee");
    expect(world.step(acme, "invitation")).toMatchObject({
      state: "Skipped",
      message: "creator kcp-admin is no e-mail address",
    });
    expect(world.condition(acme)).toBe("True|Complete|");
  });
});

describe("S18 8B.7 a server that is away is waited for, and the status tells what for", () => {
  const down = new FgaError("OpenFGA is down", { problem: "unavailable", code: "503" });
  const away = new IdentityError("Keycloak answers 503", "unavailable");
  const gone = new UnreachableError("no answer within 10 s");
  const stale = new ApiError("changed", { code: 409, reason: "Conflict" });
  test.each<[string, string, () => void]>([
    ["store", down.message, () => world.fga.failures.set("createStore", down)],
    ["model", down.message, () => world.fga.failures.set("writeModel", down)],
    ["tuples", down.message, () => world.fga.failures.set("write", down)],
    ["realm", away.message, () => world.identity.failures.set("ensureOrganization", away)],
    ["clients", away.message, () => world.identity.failures.set("ensureClient", away)],
    ["clients", gone.message, () => world.clusters.failures.set("readSecret", gone)],
    ["clients", gone.message, () => world.kcp.failures.set("apply Secret", gone)],
    ["model", gone.message, () => world.clusters.failures.set("discover", gone)],
    ["authentication", gone.message, () => world.clusters.failures.set("readAuthentication", gone)],
    ["invitation", away.message, () => world.identity.failures.set("invite", away)],
    ["release", stale.message, () => world.clusters.failures.set("releaseMarker", stale)],
  ])("%s: %s", async (part, message, fail) => {
    world.org();
    fail();
    const outcome = await world.invoke(world.held(acme));
    expect(outcome).toMatchObject({ kind: "requeue", ms: 1_000, reason: `${part}: ${message}` });
    expect(world.step(acme, part)).toMatchObject({ state: "Retrying", attempts: 1, message });
    expect(world.condition(acme)).toBe(`False|Stopped|${part}: ${message}`);
    expect(held()).toContain("root:security");
    world.run.now += 1_000;
    await world.secure(acme);
    expect(world.condition(acme)).toBe("True|Complete|");
    expect(world.accountOf(acme).status?.security?.steps.every(({ attempts }) => attempts === 0)).toBe(true);
    expect(world.accountOf(acme).status?.security?.retryAt).toBeUndefined();
  });

  test("ever more patiently, up to a minute, in one row whatever else happens meanwhile", async () => {
    world.org();
    const event = world.held(acme);
    const waits: number[] = [];
    for (let attempt = 1; attempt <= 9; attempt++) {
      world.fga.failures.set("findStores", down);
      const outcome = await world.invoke(event);
      if (outcome.kind !== "requeue") throw new Error(outcome.kind);
      waits.push(outcome.ms);
      const { retryAt } = world.accountOf(acme).status?.security ?? {};
      expect(retryAt).toBe(new Date(world.run.now + outcome.ms).toISOString());
      world.changes();
      for (const kind of ["AccountInfo", "APIBinding", "LogicalCluster", "Account"]) {
        const other = world.event(kind, acme, kind === "LogicalCluster" ? { phase: "Initializing" } : {});
        expect(await world.invoke(other)).toMatchObject({ kind: "drop", reason: "a retry is under way" });
      }
      expect(world.changes()).toEqual([]);
      world.run.now += outcome.ms;
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    expect(world.step(acme, "store")).toMatchObject({ state: "Retrying", attempts: 9 });
  });

  test("a delivery that was cut off after its status takes the retry up again", async () => {
    world.org();
    world.fga.failures.set("findStores", down);
    const event = world.held(acme);
    await world.invoke(event);
    expect(await world.invoke(event, 2)).toMatchObject({ kind: "done" });
    expect(held()).not.toContain("root:security");
  });
});

describe("what somebody else has is left alone, and the status says so", () => {
  test("decisions 27: a realm", async () => {
    world.org();
    world.identity.realm("acme", "somebody");
    await isRefused("realm", "False|Error|realm: realm acme exists and is not ours");
    world.identity.organizations.delete("acme");
    await world.deliver(resync);
    expect(held()).not.toContain("root:security");
  });

  test("a refusal by OpenFGA", async () => {
    world.org();
    world.fga.failures.set("writeModel", new FgaError("model too large", { problem: "refused", code: "400" }));
    await world.deliver(world.held(acme));
    expect(world.condition(acme)).toBe("False|Error|model: model too large");
  });

  test("a Secret, which our claim does not show", async () => {
    world.org();
    const taken = new ApiError("exists", { code: 409, reason: "AlreadyExists" });
    world.kcp.failures.set("apply Secret", taken);
    await world.deliver(world.held(acme));
    expect(world.condition(acme)).toMatch(
      /^False\|Error\|clients: Secret default\/portal-client-secret-acme-acme in root:orgs exists and is not ours: delete it, or/,
    );
    expect(world.step(acme, "clients")).toMatchObject({ state: "Failed", attempts: 1 });
  });

  const foreign = { user: "user:mallory@x.io", relation: "assignee", object: "role:x" };
  test("S23 a store, also one of an org of that name before", async () => {
    const before = { user: "user:uid-of-before", relation: "assignee", object: "role:account-functions/store" };
    const id = world.fga.store("acme", before, foreign);
    world.org();
    await isRefused("store", new RegExp(`^False\\|Error\\|store: store acme \\(${id}\\) exists and is not ours`));
    expect(world.fga.tuplesOf(id)).toHaveLength(2);
  });

  test("8B.5 two stores of its name", async () => {
    world.fga.store("acme");
    world.fga.store("acme", foreign);
    world.org();
    await isRefused("store", /OpenFGA has 2 stores named acme \(acme-store, acme-store-2\)/);
  });

  test("a store may be taken over by annotating the Account, at once", async () => {
    const id = world.fga.store("acme", foreign);
    world.org();
    await isRefused("store", /exists and is not ours/);
    world.kcp.change("Account", orgsCluster, "acme", { metadata: { annotations: { [annotation.adopt]: "true" } } });
    await world.deliver(world.event("Account", acme));
    expect(world.accountOf(acme).status?.security?.storeId).toBe(id);
    expect(world.fga.tuplesOf(id)).toContain("user:mallory@x.io assignee role:x");
    expect(world.told()).toContain("organization-changed store adopted");
    expect(held()).not.toContain("root:security");
  });

  test("an org that the reference secured is taken over by the id in its AccountInfo", async () => {
    const id = world.fga.store("acme", foreign);
    world.org();
    world.kcp.change("AccountInfo", "acme-id", "account", { spec: { fga: { store: { id } } } });
    await world.secure(acme);
    expect(world.condition(acme)).toBe("True|Complete|");
    expect(world.fga.stores.size).toBe(1);
    const { uid } = world.accountOf(acme).metadata;
    expect(world.fga.tuplesOf(id)).toContain(`user:${uid} assignee role:account-functions/store`);
  });
});

test("decisions 38: waits for the bindings of its type, and for none that somebody makes later", async () => {
  world.org();
  const slow = {
    metadata: { name: "slow" },
    spec: { reference: { export: { name: "slow" } } },
    status: { phase: "Binding" },
  };
  world.kcp.put("APIBinding", "acme-id", slow as never);
  expect(await world.deliver(world.held(acme))).toMatchObject({
    kind: "waiting",
    ref: { kind: "APIBinding", name: "slow" },
  });
  expect(world.fga.stores.size).toBe(0);
  world.kcp.change("APIBinding", "acme-id", "slow", { status: { phase: "Bound" } });
  await world.deliver(world.event("APIBinding", acme, { phase: "Bound" }));
  world.becomeReady(acme);
  world.kcp.change("APIBinding", "acme-id", "slow", { status: { phase: "Binding" } });
  await world.deliver(resync);
  expect(world.condition(acme)).toBe("True|Complete|");
});

test("a workspace that waited long is looked at by kcp at once: it is written to", async () => {
  world.org();
  world.run.now += 60_000;
  await world.deliver(world.held(acme));
  expect(world.kcp.written().filter((write) => write.includes("Workspace "))).toEqual([
    `patch Workspace ${orgsCluster} acme`,
  ]);
});

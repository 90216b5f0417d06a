import { describe, expect, test } from "vitest";
import type { CloudEvent } from "../../shared/event.ts";
import type { Log } from "../../shared/function.ts";
import { type Kind, kinds } from "../../shared/kcp/kinds.ts";
import { clusterAnnotation, type KubeObject, type ObjectOf } from "../../shared/kcp/objects.ts";
import { label } from "../../shared/names.ts";
import { type Checkpoint, type CheckpointEntry, EventTooLargeError } from "../bus/bus.ts";
import { systemClock } from "../clock.ts";
import { Store } from "../store.ts";
import { Feed } from "./feed.ts";
import { Hold } from "./hold.ts";
import { Publisher } from "./publisher.ts";
import type { Page } from "./wire.ts";

const silent: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** A bus and a checkpoint that note the order of what is asked of them, and fail when told to. */
class FakeBus {
  readonly done: string[] = [];
  readonly events: CloudEvent[] = [];
  readonly entries = new Map<string, CheckpointEntry>();
  failures: Error[] = [];
  maxBytes = Number.POSITIVE_INFINITY;

  async publish(event: CloudEvent): Promise<void> {
    const failure = this.failures.shift();
    if (failure) throw failure;
    const { length } = JSON.stringify(event);
    if (length > this.maxBytes) throw new EventTooLargeError(event.id, length, this.maxBytes);
    this.events.push(event);
    this.done.push(`publish ${event.type.split(".").at(-1)} ${event.id}`);
  }

  readonly checkpoint: Checkpoint = {
    load: async () => new Map(this.entries),
    set: async (_shard, _kind, key, entry) => {
      this.done.push(`note ${key} ${entry.resourceVersion}`);
      this.entries.set(key, entry);
    },
    delete: async (_shard, _kind, key) => {
      this.done.push(`forget ${key}`);
      this.entries.delete(key);
    },
  };
}

class World {
  readonly store = new Store();
  readonly bus: FakeBus;
  readonly hold = new Hold(this.store, systemClock, 40);

  constructor(bus = new FakeBus()) {
    this.bus = bus;
  }

  async feed<K extends Kind>(kind: K): Promise<Feed<K>> {
    const forwarding = { server: "https://kcp.example", store: this.store, now: () => 0 };
    const pace = { backoff: { minMs: 1, maxMs: 2 }, clock: systemClock, random: Math.random };
    const publisher = new Publisher({ ...pace, bus: this.bus, log: silent, signal: new AbortController().signal });
    const feed = new Feed<K>({
      kind,
      shard: "s1",
      forwarding,
      publisher,
      checkpoint: this.bus.checkpoint,
      hold: this.hold,
      clock: systemClock,
      log: silent,
      hooks: {},
    });
    await feed.load();
    return feed;
  }

  /** What was asked of the bus since the last call. */
  done(): readonly string[] {
    return this.bus.done.splice(0);
  }
}

/** An object as its kind needs it, e.g. `thing("Account", "c1", "acme", 5)`. */
function thing<K extends Kind>(kind: K, cluster: string, name: string, version: number, rest: Rest = {}): ObjectOf[K] {
  const { metadata, ...fields } = rest;
  return {
    apiVersion: `${kinds[kind].group}/${kinds[kind].version}`,
    kind,
    ...fields,
    metadata: {
      name,
      uid: `uid-${name}`,
      resourceVersion: String(version),
      creationTimestamp: "",
      annotations: { [clusterAnnotation]: cluster },
      ...metadata,
    },
  } as unknown as ObjectOf[K];
}
interface Rest {
  readonly metadata?: object;
  readonly spec?: object;
  readonly status?: object;
}
const page = <T extends KubeObject>(resourceVersion: number, ...objects: T[]): Page<T> => ({
  objects,
  resourceVersion: String(resourceVersion),
  next: "",
});

describe("a list", () => {
  test("is published once, however often it is seen", async () => {
    const world = new World();
    const feed = await world.feed("Account");
    await feed.listed(page(9, thing("Account", "c1", "acme", 5)));
    expect(world.done()).toEqual(["publish add c1.uid-acme.5", "note c1/acme 5"]);
    await feed.listed(page(9, thing("Account", "c1", "acme", 5)));
    await feed.changed({ type: "ADDED", object: thing("Account", "c1", "acme", 5) });
    expect(world.done()).toEqual([]);
  });

  test("after a restart is compared with what was published before", async () => {
    const before = new World();
    const first = await before.feed("Account");
    const old = ["same", "changed", "gone", "remade"].map((name) => thing("Account", "c1", name, 5));
    await first.listed(page(9, ...old));

    const after = new World(before.bus);
    before.done();
    const again = thing("Account", "c1", "remade", 8, { metadata: { uid: "uid-2" } });
    const feed = await after.feed("Account");
    await feed.listed(
      page(
        9,
        thing("Account", "c1", "same", 5),
        thing("Account", "c1", "changed", 7),
        again,
        thing("Account", "c1", "new", 6),
      ),
    );
    expect(
      after
        .done()
        .filter((entry) => entry.startsWith("publish"))
        .sort(),
    ).toEqual([
      "publish add c1.uid-2.8",
      "publish add c1.uid-new.6",
      "publish delete c1.uid-gone.deleted",
      "publish delete c1.uid-remade.deleted",
      "publish update c1.uid-changed.7",
    ]);
    expect([...after.bus.entries.keys()].sort()).toEqual(["c1/changed", "c1/new", "c1/remade", "c1/same"]);
  });

  test("of a delete that nobody saw tells what is still known", async () => {
    const world = new World();
    world.bus.entries.set("c1/acme", { uid: "u1", resourceVersion: "5", accountkey: "c1/acme" });
    const feed = await world.feed("Workspace");
    await feed.listed(page(9));
    expect(world.bus.events).toMatchObject([
      {
        type: "dev.knative.apiserver.resource.delete",
        id: "c1.u1.deleted",
        accountkey: "c1/acme",
        subject: "/apis/tenancy.kcp.io/v1alpha1/workspaces/acme",
        deleting: "true",
        data: { kind: "Workspace", metadata: { name: "acme", uid: "u1", annotations: { [clusterAnnotation]: "c1" } } },
      },
    ]);
  });
});

describe("a change", () => {
  test("is in the store before it is on the bus, and on the bus before it is noted", async () => {
    const world = new World();
    const feed = await world.feed("Account");
    let seen: string | undefined;
    const publish = world.bus.publish.bind(world.bus);
    world.bus.publish = async (event) => {
      seen = world.store.peek("Account", "c1", "acme")?.metadata.resourceVersion;
      await publish(event);
    };
    await feed.changed({ type: "ADDED", object: thing("Account", "c1", "acme", 5) });
    expect(seen).toBe("5");
    await feed.changed({ type: "MODIFIED", object: thing("Account", "c1", "acme", 6) });
    await feed.close();
    await feed.changed({ type: "DELETED", object: thing("Account", "c1", "acme", 7) });
    expect(world.done()).toEqual([
      "publish add c1.uid-acme.5",
      "note c1/acme 5",
      "publish update c1.uid-acme.6",
      "note c1/acme 6",
      "publish delete c1.uid-acme.deleted",
      "forget c1/acme",
    ]);
    expect(world.store.peek("Account", "c1", "acme")).toBeUndefined();
  });

  test("is noted once for many versions, and not at all once the object is gone", async () => {
    const world = new World();
    const feed = await world.feed("Account");
    await feed.changed({ type: "ADDED", object: thing("Account", "c1", "acme", 5) });
    await feed.changed({ type: "ADDED", object: thing("Account", "c1", "gone", 5) });
    for (const version of [6, 7, 8]) {
      await feed.changed({ type: "MODIFIED", object: thing("Account", "c1", "acme", version) });
      await feed.changed({ type: "MODIFIED", object: thing("Account", "c1", "gone", version) });
    }
    await feed.changed({ type: "DELETED", object: thing("Account", "c1", "gone", 9) });
    await feed.close();
    const noted = world.done().filter((line) => !line.startsWith("publish"));
    expect(noted).toEqual(["note c1/acme 5", "note c1/gone 5", "forget c1/gone", "note c1/acme 8"]);
  });

  test("is published however long the bus is down", async () => {
    const world = new World();
    const feed = await world.feed("Account");
    world.bus.failures = Array.from({ length: 5 }, () => new Error("no bus"));
    await feed.changed({ type: "ADDED", object: thing("Account", "c1", "acme", 5) });
    expect(world.done()).toEqual(["publish add c1.uid-acme.5", "note c1/acme 5"]);
  });

  test("that is larger than the bus takes goes out without its object", async () => {
    const world = new World();
    const feed = await world.feed("Account");
    world.bus.maxBytes = 1_000;
    const large = thing("Account", "c1", "acme", 5, { spec: { data: "x".repeat(1_000) } });
    await feed.changed({ type: "ADDED", object: large });
    expect(world.bus.events).toMatchObject([{ id: "c1.uid-acme.5", dataomitted: "true", name: "acme" }]);
    expect(world.bus.events[0]).not.toHaveProperty("data");
    expect(world.bus.events[0]).not.toHaveProperty("datacontenttype");
  });
});

describe("002-F05 two objects of one name in two workspaces", () => {
  test("are two objects", async () => {
    const world = new World();
    const feed = await world.feed("Account");
    const two = ["c1", "c2"].map((cluster) =>
      thing("Account", cluster, "acme", 5, { metadata: { uid: `uid-${cluster}` } }),
    );
    for (const object of two) await feed.changed({ type: "ADDED", object });
    await feed.changed({ type: "DELETED", object: thing("Account", "c1", "acme", 6, { metadata: { uid: "uid-c1" } }) });
    expect(world.bus.events.map(({ id, accountkey }) => `${id} ${accountkey}`)).toEqual([
      "c1.uid-c1.5 c1/acme",
      "c2.uid-c2.5 c2/acme",
      "c1.uid-c1.deleted c1/acme",
    ]);
  });
});

test("an event says all that functions filter by", async () => {
  const world = new World();
  world.store.put("Workspace", thing("Workspace", "root", "orgs", 1, { spec: { cluster: "orgs" } }));
  const feed = await world.feed("Workspace");
  const metadata = { deletionTimestamp: "2026-01-01T00:00:00Z" };
  const object = thing("Workspace", "orgs", "acme", 5, { metadata, status: { phase: "Deleting" } });
  await feed.changed({ type: "MODIFIED", object });
  const { traceparent, ...event } = world.bus.events[0] ?? ({} as CloudEvent);
  expect(traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  expect(event).toEqual({
    specversion: "1.0",
    id: "orgs.uid-acme.5",
    type: "dev.knative.apiserver.resource.add",
    source: "https://kcp.example/clusters/orgs",
    subject: "/apis/tenancy.kcp.io/v1alpha1/workspaces/acme",
    time: "1970-01-01T00:00:00.000Z",
    datacontenttype: "application/json",
    accountkey: "orgs/acme",
    kind: "Workspace",
    apiversion: "tenancy.kcp.io/v1alpha1",
    name: "acme",
    kcpcluster: "orgs",
    kcppath: "root:orgs",
    phase: "Deleting",
    deleting: "true",
    data: object,
  });
});

test.each<[Kind, string | undefined, Rest]>([
  ["Account", "c1/acme", {}],
  ["Workspace", "c1/acme", {}],
  ["AccountInfo", "orgs/default", { spec: { account: { originClusterId: "orgs", name: "default" } } }],
  ["AccountInfo", undefined, { spec: {} }],
  ["AccountInfo", undefined, {}],
  ["LogicalCluster", "orgs/default", { spec: { owner: { cluster: "orgs", name: "default" } } }],
  ["LogicalCluster", undefined, { spec: {} }],
  ["WorkspaceType", "c1/default", { metadata: { labels: { [label.org]: "default" } } }],
  ["WorkspaceType", undefined, {}],
])("decisions.md 1: the key of a %s is %s", async (kind, accountkey, rest) => {
  const world = new World();
  const feed = await world.feed(kind);
  await feed.changed({ type: "ADDED", object: thing(kind, "c1", "acme", 5, rest) });
  expect(world.bus.events[0]?.accountkey).toBe(accountkey);
});

test("one account is one trace, whatever object it is about; another account is another", async () => {
  const world = new World();
  const accounts = await world.feed("Account");
  const workspaces = await world.feed("Workspace");
  await accounts.changed({ type: "ADDED", object: thing("Account", "c1", "a", 5) });
  await accounts.changed({ type: "ADDED", object: thing("Account", "c1", "b", 5) });
  await workspaces.changed({ type: "ADDED", object: thing("Workspace", "c1", "a", 6, { metadata: { uid: "w" } }) });
  const [a, b, workspace] = world.bus.events.map(({ traceparent }) => traceparent?.split("-")[1]);
  expect(workspace).toBe(a);
  expect(b).not.toBe(a);
});

describe("an APIBinding that is seen before its workspace's owner", () => {
  const binding = (version: number) => thing("APIBinding", "c1", "core", version, { status: { phase: "Bound" } });
  const owner = thing("LogicalCluster", "c1", "cluster", 6, { spec: { owner: { cluster: "orgs", name: "acme" } } });

  test("waits for the owner and stops nobody else", async () => {
    const world = new World();
    const bindings = await world.feed("APIBinding");
    await bindings.changed({ type: "ADDED", object: binding(4) });
    await bindings.changed({ type: "MODIFIED", object: binding(5) });
    expect(world.bus.events).toEqual([]);
    await (await world.feed("LogicalCluster")).changed({ type: "ADDED", object: owner });
    await expect
      .poll(() => world.bus.events.map(({ id, accountkey }) => [id, accountkey]))
      .toEqual([
        ["c1.uid-cluster.6", "orgs/acme"],
        ["c1.uid-core.5", "orgs/acme"],
      ]);
  });

  test("goes without key when no owner appears", async () => {
    const world = new World();
    await (await world.feed("APIBinding")).changed({ type: "ADDED", object: binding(4) });
    await expect
      .poll(() => world.bus.events.map(({ id, accountkey }) => [id, accountkey]))
      .toEqual([["c1.uid-core.4", undefined]]);
  });

  test("is not told of once it is gone", async () => {
    const world = new World();
    const bindings = await world.feed("APIBinding");
    await bindings.changed({ type: "ADDED", object: binding(4) });
    await bindings.changed({ type: "DELETED", object: binding(5) });
    world.hold.end();
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(world.bus.events.map(({ id }) => id)).toEqual(["c1.uid-core.deleted"]);
  });

  test("keeps its key when it outlives its workspace", async () => {
    const world = new World();
    world.store.put("LogicalCluster", owner);
    const bindings = await world.feed("APIBinding");
    await bindings.changed({ type: "ADDED", object: binding(4) });
    world.store.remove("LogicalCluster", owner);
    await bindings.changed({ type: "DELETED", object: binding(9) });
    expect(world.bus.events.at(-1)?.accountkey).toBe("orgs/acme");
  });
});

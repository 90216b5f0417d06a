import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ApiError, type Writer } from "../shared/kcp/client.ts";
import { kinds } from "../shared/kcp/kinds.ts";
import {
  type Account,
  clusterAnnotation,
  type LogicalCluster,
  pathAnnotation,
  type Workspace,
} from "../shared/kcp/objects.ts";
import { isNewer } from "../shared/kcp/resource-version.ts";
import { Store } from "./store.ts";
import { storing } from "./store-backend.ts";

const metadata = (cluster: string, name: string, version: number, uid = `uid-${cluster}-${name}`) => ({
  name,
  uid,
  resourceVersion: String(version),
  creationTimestamp: "2026-01-01T00:00:00Z",
  annotations: { [clusterAnnotation]: cluster },
});
const account = (cluster: string, name: string, version: number, uid?: string): Account => ({
  apiVersion: "core.platform-mesh.io/v1alpha1",
  kind: "Account",
  metadata: metadata(cluster, name, version, uid),
  spec: { type: "account", displayName: `${name} at ${version}` },
});
const workspace = (cluster: string, name: string, version: number, owned: string): Workspace => ({
  apiVersion: "tenancy.kcp.io/v1alpha1",
  kind: "Workspace",
  metadata: metadata(cluster, name, version),
  spec: { cluster: owned },
});
const logicalCluster = (cluster: string, path: string, owner: { cluster: string; name: string }): LogicalCluster => ({
  apiVersion: "core.kcp.io/v1alpha1",
  kind: "LogicalCluster",
  metadata: {
    ...metadata(cluster, "cluster", 1),
    annotations: { [clusterAnnotation]: cluster, [pathAnnotation]: path },
  },
  spec: { owner: { apiVersion: "tenancy.kcp.io/v1alpha1", resource: "workspaces", uid: "u", ...owner } },
});
const versionOf = (store: Store, name = "a") => store.peek("Account", "c1", name)?.metadata.resourceVersion;

test("versions are compared as numbers", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 80n }), fc.bigInt({ min: 0n, max: 2n ** 80n }), (a, b) => {
      expect(isNewer(String(a), String(b))).toBe(a > b);
    }),
  );
});

describe("the newest state wins", () => {
  const states = fc.uniqueArray(fc.integer({ min: 1, max: 1000 }), { minLength: 1 });
  const shuffled = states.chain((versions) =>
    fc.tuple(
      fc.constant(versions),
      fc.shuffledSubarray([...versions, ...versions], { minLength: versions.length * 2 }),
    ),
  );

  test("in whatever order and however often states arrive", () => {
    fc.assert(
      fc.property(shuffled, ([versions, arrivals]) => {
        const store = new Store();
        for (const version of arrivals) store.put("Account", account("c1", "a", version));
        expect(versionOf(store)).toBe(String(Math.max(...versions)));
      }),
    );
  });

  test("a deleted object stays gone, whatever answers come late", () => {
    fc.assert(
      fc.property(shuffled, fc.nat({ max: 50 }), ([versions, arrivals], position) => {
        const store = new Store();
        const end = Math.max(...versions) + 1;
        arrivals.forEach((version, index) => {
          if (index === position) store.remove("Account", account("c1", "a", end));
          store.put("Account", account("c1", "a", version));
        });
        store.remove("Account", account("c1", "a", end));
        for (const version of arrivals) store.put("Account", account("c1", "a", version));
        expect(versionOf(store)).toBeUndefined();
      }),
    );
  });

  test("an object made again under its name survives the late news of the first one's end", () => {
    const store = new Store();
    store.put("Account", account("c1", "a", 1, "first"));
    store.put("Account", account("c1", "a", 5, "second"));
    store.remove("Account", account("c1", "a", 4, "first"));
    expect(versionOf(store)).toBe("5");
  });

  test("an object that only left the watch may come back", () => {
    const store = new Store();
    store.remove("Account", account("c1", "a", 4));
    store.put("Account", account("c1", "a", 6));
    expect(versionOf(store)).toBe("6");
  });
});

describe("a list", () => {
  const list = (versions: Record<string, number>, resourceVersion: number, isReset = false) => ({
    objects: Object.entries(versions).map(([name, version]) => account("c1", name, version)),
    resourceVersion: String(resourceVersion),
    isReset,
  });

  test("removes what it does not name, but nothing that was written after it", () => {
    const store = new Store();
    store.replace("Account", "s1", list({ a: 1, b: 2 }, 5));
    store.put("Account", account("c1", "late", 9));
    store.put("Account", account("c1", "b", 8));
    store.replace("Account", "s1", list({ b: 2 }, 7));
    expect([versionOf(store, "a"), versionOf(store, "b"), versionOf(store, "late")]).toEqual([undefined, "8", "9"]);
  });

  test("of a shard that counts anew replaces all", () => {
    const store = new Store();
    store.replace("Account", "s1", list({ a: 100, b: 90 }, 100));
    store.replace("Account", "s1", list({ b: 3 }, 5, true));
    expect([versionOf(store, "a"), versionOf(store, "b")]).toEqual([undefined, "3"]);
  });

  test("says nothing about other shards", () => {
    const store = new Store();
    store.put("Account", account("c2", "a", 1), "s2");
    store.replace("Account", "s1", list({ a: 1 }, 5));
    store.replace("Account", "s1", list({}, 6));
    expect([...store.all("Account")].map(({ metadata: { annotations } }) => annotations?.[clusterAnnotation])).toEqual([
      "c2",
    ]);
    expect(store.shardOf("c2")).toBe("s2");
    store.dropShard("s2");
    expect([...store.all("Account")]).toEqual([]);
  });
});

test("objects of one name in two workspaces are two objects", async () => {
  const store = new Store();
  store.put("Account", account("c1", "a", 1));
  store.put("Account", account("c2", "a", 2));
  store.remove("Account", account("c1", "a", 3));
  expect(await store.get("Account", "c1", "a")).toBeUndefined();
  expect(await store.list("Account", "c2")).toHaveLength(1);
});

test("managedFields are not kept", () => {
  const store = new Store();
  const { metadata, ...rest } = account("c1", "a", 1);
  store.put("Account", { ...rest, metadata: { ...metadata, managedFields: [{}] } } as Account);
  expect(store.peek("Account", "c1", "a")?.metadata).toEqual(metadata);
});

describe("a workspace", () => {
  test("has the path that its LogicalCluster names", () => {
    const store = new Store();
    store.put("LogicalCluster", logicalCluster("c1", "root:orgs:acme", { cluster: "orgs", name: "acme" }));
    expect(store.pathOf("c1")).toBe("root:orgs:acme");
    expect(store.clusterOfPath("root:orgs:acme")).toBe("c1");
    expect(store.ownerOf("c1")).toMatchObject({ cluster: "orgs", name: "acme" });
  });

  test("has owner and path from its Workspace while its LogicalCluster is not seen", () => {
    const store = new Store();
    store.put("Workspace", workspace("root", "orgs", 1, "orgs"));
    store.put("Workspace", workspace("orgs", "acme", 1, "c1"));
    expect(store.ownerOf("c1")).toEqual({ cluster: "orgs", name: "acme" });
    expect(store.pathOf("c1")).toBe("root:orgs:acme");
    store.remove("Workspace", workspace("orgs", "acme", 2, "c1"));
    expect(store.ownerOf("c1")).toBeUndefined();
    expect(store.pathOf("c1")).toBeUndefined();
  });

  test("root is root", () => {
    expect([new Store().pathOf("root"), new Store().clusterOfPath("root")]).toEqual(["root", "root"]);
  });
});

describe("a writer that stores", () => {
  const answer = { ...account("c1", "a", 7), metadata: { ...account("c1", "a", 7).metadata, annotations: {} } };
  const writer = {
    create: async () => answer,
    mergePatch: async () => answer,
    apply: async () => answer,
    delete: async () => answer,
  } as unknown as Writer;
  const target = { cluster: "c1", name: "a" };
  const deletingWith = (more: object) => ({
    ...answer,
    metadata: { ...answer.metadata, deletionTimestamp: "2026-01-01T00:01:00Z", ...more },
  });

  test.each([
    ["create", (storer: Writer) => storer.create(kinds.Account, "c1", answer)],
    ["mergePatch", (storer: Writer) => storer.mergePatch(kinds.Account, target, {})],
    ["apply", (storer: Writer) => storer.apply(kinds.Account, "c1", answer, { fieldManager: "me" })],
    ["delete while finalizers hold", (storer: Writer) => storer.delete(kinds.Account, target)],
  ])("puts the answer of %s into the store", async (_name, act) => {
    const store = new Store();
    await act(storing(writer, store));
    expect(versionOf(store)).toBe("7");
  });

  test("forgets what ends with the last of its finalizers", async () => {
    const store = new Store();
    store.put("Account", account("c1", "a", 7));
    const answering = (more: object) =>
      storing({ ...writer, mergePatch: async () => deletingWith(more) } as unknown as Writer, store);
    await answering({ finalizers: ["example.com/other"], resourceVersion: "8" }).mergePatch(kinds.Account, target, {});
    expect(versionOf(store)).toBe("8");
    await answering({ resourceVersion: "9" }).mergePatch(kinds.Account, target, {});
    expect(versionOf(store)).toBeUndefined();
  });

  test("keeps no dry run, nothing of a kind that is not watched, and nothing of a refusal", async () => {
    const store = new Store();
    const events = { group: "", version: "v1", plural: "events" };
    await storing(writer, store).apply(kinds.Account, "c1", answer, { fieldManager: "me", dryRun: true });
    await storing(writer, store).create(events, "c1", answer);
    const refusing = { ...writer, create: () => Promise.reject(new ApiError("no", { code: 409, reason: "Conflict" })) };
    await expect(storing(refusing, store).create(kinds.Account, "c1", answer)).rejects.toThrow("no");
    expect([...store.all("Account")]).toEqual([]);
  });
});

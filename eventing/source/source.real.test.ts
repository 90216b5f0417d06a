import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { CloudEvent } from "../../shared/event.ts";
import type { Log } from "../../shared/function.ts";
import { kinds } from "../../shared/kcp/kinds.ts";
import { type Kubeconfig, loadKubeconfig } from "../../shared/kcp/kubeconfig.ts";
import type { Account } from "../../shared/kcp/objects.ts";
import { type Client, createClient } from "../../shared/kcp/rest.ts";
import { startKcp, startNats, type TestKcp, type TestServer } from "../../test/servers.ts";
import type { Bus } from "../bus/bus.ts";
import { createJetStreamBus } from "../bus/jetstream.ts";
import { Store } from "../store.ts";
import { storeBackend } from "../store-backend.ts";
import { createSource, type Source } from "./source.ts";

const orgs = "root:orgs";
const provider = "root:platform-mesh-system";
const slices = { group: "apis.kcp.io", version: "v1alpha1", plural: "apiexportendpointslices" };
const silent: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

let kcp: TestKcp;
let nats: TestServer;
let bus: Bus;
let admin: Client;
let operator: Kubeconfig;
let folder: string;
/** Every event that the bus stored, from its own history. */
const stored: CloudEvent[] = [];
const reading = new AbortController();

beforeAll(async () => {
  [kcp, nats, folder] = await Promise.all([startKcp(), startNats(), mkdtemp(join(tmpdir(), "source-"))]);
  const operatorKubeconfig = join(folder, "operator.kubeconfig");
  await promisify(execFile)("bin/pm", [
    "bootstrap",
    `--kubeconfig=${kcp.adminKubeconfig}`,
    `--operator-token-file=${kcp.operatorTokenFile}`,
    `--operator-kubeconfig=${operatorKubeconfig}`,
  ]);
  operator = await loadKubeconfig({ file: operatorKubeconfig });
  admin = await asAdmin();
  bus = await createJetStreamBus({ url: nats.url, log: silent, prefix: "source-test" });
  void follow().catch(() => undefined);
}, 300_000);
afterAll(async () => {
  reading.abort();
  admin?.close();
  await bus?.close();
  await Promise.all([kcp?.stop(), nats?.stop(), rm(folder, { recursive: true })]);
});

async function asAdmin(): Promise<Client> {
  return createClient({ config: await loadKubeconfig({ file: kcp.adminKubeconfig, context: "base" }) });
}

async function follow(): Promise<void> {
  for await (const { event } of bus.history({ follow: true, signal: reading.signal })) stored.push(event);
}

interface Run {
  readonly source: Source;
  readonly store: Store;
  /** Ends it as SIGTERM would. */
  stop(): Promise<void>;
}
const runs = new Set<Run>();
afterEach(() => Promise.all([...runs].map((run) => run.stop())));

/** One life of `pm run`'s source; what was published before is only known to the bus. */
function start(sliceName = "core.platform-mesh.io"): Run {
  const store = new Store();
  const stop = new AbortController();
  const source = createSource({ config: operator, sliceName, bus, store, resyncMs: 3_600_000, log: silent });
  const ended = source.start(stop.signal);
  const run: Run = {
    source,
    store,
    stop: () => {
      runs.delete(run);
      stop.abort();
      return ended;
    },
  };
  runs.add(run);
  return run;
}

const eventually = <T>(what: () => T, timeout = 30_000) => expect.poll(what, { timeout, interval: 20 });
const synced = async (run: Run) => eventually(() => run.source.synced, 60_000).toBe(true);

const make = (name: string, workspace = orgs) =>
  admin.create<Account>(kinds.Account, workspace, {
    apiVersion: "core.platform-mesh.io/v1alpha1",
    kind: "Account",
    metadata: { name },
    spec: { type: "org", displayName: name },
  });
const rename = (name: string, displayName: string) =>
  admin.mergePatch<Account>(kinds.Account, { cluster: orgs, name }, { spec: { displayName } });
const remove = (name: string, workspace = orgs) => admin.delete(kinds.Account, { cluster: workspace, name });

/** Verbs of the events about the Accounts of this name, in order. */
const verbs = (name: string) => about(name).map(({ type }) => type.replace("dev.knative.apiserver.resource.", ""));
const about = (name: string) => stored.filter((event) => event.kind === "Account" && event.name === name);
/** Long enough for an event that should not come. */
const quiet = () => new Promise((resolve) => setTimeout(resolve, 1_500));

test("an Account's life is an add, an update and a delete, told within a moment", async () => {
  await synced(start());
  const created = await make("life");
  await eventually(() => verbs("life")).toEqual(["add"]);
  const changed = await rename("life", "changed");
  await eventually(() => verbs("life")).toEqual(["add", "update"]);
  await remove("life");
  await eventually(() => verbs("life")).toEqual(["add", "update", "delete"]);

  const cluster = created.metadata.annotations?.["kcp.io/cluster"] ?? "";
  const ids = [created.metadata.resourceVersion, changed.metadata.resourceVersion, "deleted"];
  expect(about("life").map(({ id }) => id)).toEqual(ids.map((end) => `${cluster}.${created.metadata.uid}.${end}`));
  expect(about("life")[1]).toMatchObject({
    source: `${kcp.url}/clusters/${cluster}`,
    subject: "/apis/core.platform-mesh.io/v1alpha1/accounts/life",
    accountkey: `${cluster}/life`,
    kcpcluster: cluster,
    kcppath: orgs,
    deleting: "false",
    data: { spec: { displayName: "changed" } },
  });
  expect(JSON.stringify(about("life"))).not.toContain("managedFields");
  expect(new Set(about("life").map(({ traceparent }) => traceparent?.slice(0, 35))).size).toBe(1);
});

test("all six kinds are seen, and each object of a workspace has the key of its Account", async () => {
  const run = start();
  await synced(run);
  for (const kind of ["Workspace", "WorkspaceType"] as const) expect([...run.store.all(kind)]).toEqual([]);
  await eventually(() => new Set(stored.filter(({ kcppath }) => kcppath === orgs).map(({ kind }) => kind))).toEqual(
    new Set(["Account", "APIBinding", "LogicalCluster"]),
  );
  const ofOrgs = stored.filter(({ kind, kcppath }) => kcppath === orgs && kind !== "Account");
  expect(new Set(ofOrgs.map(({ accountkey }) => accountkey))).toEqual(new Set(["root/orgs"]));
  expect(run.store.clusterOfPath(orgs)).toBe(ofOrgs[0]?.kcpcluster);
});

test("002-F05 objects of one name in two workspaces are two objects", async () => {
  const run = start();
  await synced(run);
  await Promise.all([make("twin"), make("twin", provider)]);
  await eventually(() => verbs("twin")).toEqual(["add", "add"]);
  await remove("twin", provider);
  await eventually(() => verbs("twin")).toEqual(["add", "add", "delete"]);
  expect(about("twin")[2]).toMatchObject({ kcppath: provider });
  expect([...run.store.all("Account")].filter(({ metadata }) => metadata.name === "twin")).toHaveLength(1);
  await remove("twin");
  await eventually(() => verbs("twin")).toHaveLength(4);
});

test("a restart publishes nothing when nothing has changed, and what has changed while it was down", async () => {
  await Promise.all(["stays", "changes", "goes", "returns"].map((name) => make(name)));
  const first = start();
  await synced(first);
  await eventually(() => about("returns")).toHaveLength(1);
  await first.stop();
  await quiet();
  const before = stored.length;

  const second = start();
  await synced(second);
  await quiet();
  expect(stored.slice(before)).toEqual([]);
  await second.stop();

  await Promise.all([rename("changes", "down"), remove("goes"), remove("returns")]);
  await make("comes");
  const returned = await make("returns");
  await synced(start());
  await eventually(() => stored.length - before).toBe(5);
  await quiet();
  const told = stored.slice(before).map(({ type, name }) => `${type.split(".").at(-1)} ${name}`);
  expect([...told].sort()).toEqual(["add comes", "add returns", "delete goes", "delete returns", "update changes"]);
  expect(about("returns").map(({ type, id }) => [type.split(".").at(-1), id.includes(returned.metadata.uid)])).toEqual([
    ["add", false],
    ["delete", false],
    ["add", true],
  ]);
  expect(about("goes").at(-1)).toMatchObject({ accountkey: about("goes")[0]?.accountkey, deleting: "true" });
});

test("what happens while the bus is away comes when it is back, once", async () => {
  await synced(start());
  await nats.kill();
  await make("unheard");
  await rename("unheard", "twice");
  await nats.restart();
  await eventually(() => verbs("unheard"), 60_000).toEqual(["add", "update"]);
});

test("after a crash of kcp the watches go on and repeat nothing", async () => {
  const run = start();
  await synced(run);
  const before = stored.length;
  await kcp.kill();
  await eventually(() => run.source.synced).toBe(false);
  await kcp.restart();
  // kcp gives its admin a new token whenever it starts.
  admin = await asAdmin();
  await synced(run);
  await make("survivor");
  await eventually(() => verbs("survivor")).toEqual(["add"]);
  await quiet();
  expect(stored.slice(before).filter(({ kind }) => kind === "Account")).toHaveLength(1);
  expect(new Set(stored.map(({ id }) => id)).size).toBe(stored.length);
});

test("shards come and go with the slice", async () => {
  const run = start("second-slice");
  await quiet();
  expect([run.source.synced, run.source.basesOf("any")]).toEqual([false, []]);
  await admin.request({
    method: "POST",
    cluster: provider,
    path: "/apis/apis.kcp.io/v1alpha1/apiexportendpointslices",
    body: {
      apiVersion: "apis.kcp.io/v1alpha1",
      kind: "APIExportEndpointSlice",
      metadata: { name: "second-slice" },
      spec: { export: { path: provider, name: "core.platform-mesh.io" } },
    },
  });
  await synced(run);
  expect(run.source.basesOf("any")).toHaveLength(1);
  expect([...run.store.all("Account")]).not.toEqual([]);
  await admin.delete(slices, { cluster: provider, name: "second-slice" });
  await eventually(() => run.source.basesOf("any")).toEqual([]);
  expect([...run.store.all("Account")]).toEqual([]);
});

test("a write through the store's backend is read at once, and comes back as an event", async () => {
  const run = start();
  await synced(run);
  const client = createClient({ config: operator, basesOf: run.source.basesOf });
  const { reader, writer, refresh } = storeBackend(client, run.store);
  const cluster = run.store.clusterOfPath(orgs) ?? "";
  await make("written");
  await eventually(() => run.store.peek("Account", cluster, "written")).toBeDefined();
  const patch = { metadata: { annotations: { seen: "yes" } } };
  await writer.mergePatch<Account>(kinds.Account, { cluster, name: "written" }, patch);
  const read = await reader.get("Account", cluster, "written");
  expect(read?.metadata.annotations).toMatchObject({ seen: "yes" });
  await refresh("Account", cluster, "written");
  await eventually(() => verbs("written")).toEqual(["add", "update"]);
  expect(about("written")[1]?.id).toContain(read?.metadata.resourceVersion);
  await writer.delete(kinds.Account, { cluster, name: "written" });
  await eventually(() => run.store.peek("Account", cluster, "written")).toBeUndefined();
  client.close();
});

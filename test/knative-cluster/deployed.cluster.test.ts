import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { claimAny } from "../../tools/claim.ts";
import { type Cluster, startCluster } from "../../tools/knative/cluster.ts";
import { podMemory } from "../../tools/knative/pod-memory.ts";
import { stateFolder } from "../../tools/paths.ts";
import { orgs } from "../e2e/person.ts";
import { Installation, namespace } from "./installation.ts";
import { type Mesh, startMesh } from "./mesh.ts";
import { PodCount, podsOf } from "./pods.ts";

const cleanup = new AsyncDisposableStack();
let cluster: Cluster;
let mesh: Mesh;
let installation: Installation;
let count: PodCount;

const seconds = 1_000;
const org = `${orgs}:default`;
const bar = `${org}:bar`;
const said: string[] = [];
const say = (line: string) => {
  said.push(line);
  console.log(line);
};

/** Milliseconds until all of them are Ready, from now on. */
async function untilReady(...accounts: readonly (readonly [parent: string, name: string])[]): Promise<number> {
  const start = performance.now();
  await Promise.all(accounts.map(([parent, name]) => mesh.admin.ready(parent, name, 240 * seconds)));
  return performance.now() - start;
}
const inSeconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;

async function untilIdle(): Promise<void> {
  await mesh.admin.until(180 * seconds, async () => {
    expect((await podsOf(cluster, "function")).map(({ name }) => name)).toEqual([]);
  });
}
async function available(): Promise<void> {
  const { kubectl } = cluster;
  const wait = (condition: string, ...what: readonly string[]) =>
    kubectl(["-n", namespace, "wait", `--for=condition=${condition}`, "--timeout=240s", ...what]);
  await wait("complete", "job", "--selector=app.kubernetes.io/component=bootstrap");
  await wait("Available", "deployment", "--all");
  await wait("Ready", "ksvc", "--all");
  await wait("Ready", "broker,trigger", "--all");
}

beforeAll(
  async () => {
    const { folder, release } = await claimAny(join(stateFolder, "test"));
    cleanup.defer(release);
    cluster = await startCluster({ folder, cleanup });
    mesh = await startMesh({ cluster, folder, cleanup });
    installation = await Installation.prepare({ cluster, mesh, folder });
  },
  40 * 60 * seconds,
);
afterAll(async () => {
  await count?.[Symbol.asyncDispose]();
  console.log(said.join("\n"));
  await cleanup.disposeAsync();
}, 120 * seconds);

describe("the product on Knative", () => {
  test("is installed by its chart, which sets kcp up and serves everything", async () => {
    const start = performance.now();
    await installation.apply();
    await available();
    say(`installed after ${inSeconds(performance.now() - start)}`);
    count = cleanup.use(new PodCount(cluster));
  }, 600_000);

  test("002: the tree of accounts becomes Ready, at every depth", async () => {
    await mesh.admin.apply(orgs, "default");
    const first = await untilReady([orgs, "default"]);
    await Promise.all([mesh.admin.apply(org, "foo"), mesh.admin.apply(org, "bar")]);
    const second = await untilReady([org, "foo"], [org, "bar"]);
    await mesh.admin.apply(bar, "baz");
    const third = await untilReady([bar, "baz"]);
    say(`Ready after ${[first, second, third].map(inSeconds).join(", ")} (org, two accounts, one below)`);
    const info = await mesh.admin.see("AccountInfo", `${bar}:baz`, "account");
    expect(info.spec.organization.path).toBe(org);
  }, 600_000);

  test("decisions 40: while tenants are idle only the source and the admission server are there", async () => {
    await untilIdle();
    const pods = (await podsOf(cluster)).filter(({ component }) => component !== "bootstrap");
    expect(pods.map(({ component }) => component).toSorted()).toEqual(["admission", "source"]);
    const memory = await podMemory(cluster.kubectl);
    const each = pods.map(
      ({ name, component }) => `${component} ${inMebibytes(memory.get(`${namespace}/${name}`) ?? 0)}`,
    );
    const sum = pods.reduce((bytes, { name }) => bytes + (memory.get(`${namespace}/${name}`) ?? 0), 0);
    say(`idle: ${each.join(", ")}, together ${inMebibytes(sum)}`);
  }, 300_000);

  test("an account that is applied then brings the functions back, and becomes Ready", async () => {
    expect(await podsOf(cluster, "function")).toEqual([]);
    await mesh.admin.apply(bar, "from-zero");
    const cold = await untilReady([bar, "from-zero"]);
    expect((await podsOf(cluster, "function")).length).toBeGreaterThan(0);
    await mesh.admin.apply(bar, "warm");
    const warm = await untilReady([bar, "warm"]);
    say(`Ready ${inSeconds(cold)} after it was applied while all was at zero, ${inSeconds(warm)} with the pods there`);
  }, 300_000);

  test("admission is served from the cluster: kcp asks it, and fills in the creator", async () => {
    await expect(mesh.admin.apply(orgs, "admin")).rejects.toThrow(/admin/);
    await expect(mesh.admin.apply(bar, "wrong", { type: "org" })).rejects.toThrow(/org/);
    expect((await mesh.admin.account(bar, "warm")).spec.creator).toBeTruthy();
  }, 60_000);

  test("an update of the functions while accounts are being made loses nothing", async () => {
    const names = Array.from({ length: 12 }, (_, index) => `rolling-${index}`);
    const rolling = installation.apply("functions.defaults.env[0].name=ROLLED", "functions.defaults.env[0].value=yes");
    for (const name of names) {
      await mesh.admin.apply(bar, name);
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
    await rolling;
    await available();
    say(
      `12 accounts, made during an update: Ready ${inSeconds(await untilReady(...names.map((name) => [bar, name] as const)))} after it`,
    );
  }, 600_000);

  test("pods that are killed in the middle of work lose nothing", async () => {
    const names = Array.from({ length: 8 }, (_, index) => `killed-${index}`);
    for (const name of names) {
      await mesh.admin.apply(bar, name);
      const pods = await podsOf(cluster);
      const victims = pods.filter(
        ({ component }) => component === "function" || (component === "source" && name === "killed-3"),
      );
      if (victims.length > 0) {
        const kill = ["delete", "pod", "--force", "--grace-period=0", "--wait=false"];
        await cluster.kubectl(["-n", namespace, ...kill, ...victims.map((pod) => pod.name)]).catch(() => undefined);
      }
    }
    say(
      `8 accounts, made while pods were killed: Ready ${inSeconds(await untilReady(...names.map((name) => [bar, name] as const)))} after that`,
    );
  }, 600_000);

  test("an account that is deleted goes, with its workspace", async () => {
    await mesh.admin.delete("Account", org, "foo");
    await mesh.admin.gone("Account", org, "foo", 180 * seconds);
    await mesh.admin.gone("Workspace", org, "foo", 30 * seconds);
  }, 300_000);

  test("and all is at zero again", async () => {
    await untilIdle();
    await count[Symbol.asyncDispose]();
    say(`pods of functions over time: ${count.changes}`);
    expect(count.changes).toMatch(/:0 .*:[1-9]\d* .*:0$/);
  }, 300_000);

  test("decisions 42: uninstalling takes the webhooks and what would wait along, and leaves everything else in kcp", async () => {
    await installation.uninstall();
    const webhooks = { group: "admissionregistration.k8s.io", version: "v1" } as const;
    for (const plural of ["mutatingwebhookconfigurations", "validatingwebhookconfigurations"]) {
      const { items } = await mesh.admin.client.request<{ readonly items: readonly unknown[] }>({
        cluster: "root:platform-mesh-system",
        path: `/apis/${webhooks.group}/${webhooks.version}/${plural}`,
      });
      expect(items, plural).toEqual([]);
    }
    const security = await mesh.admin.see("WorkspaceType", "root", "security");
    expect(security.spec).not.toMatchObject({ initializer: true });
    expect(security.spec).not.toMatchObject({ terminator: true });
    expect((await mesh.admin.account(bar, "baz")).status?.phase).toBe("Ready");
    expect((await mesh.admin.see("Workspace", bar, "baz")).status?.phase).toBe("Ready");
    // Nobody is asked any more.
    await mesh.admin.apply(bar, "afterwards");
    expect(await podsOf(cluster)).toEqual([]);
  }, 300_000);
});

const inMebibytes = (bytes: number) => `${Math.round(bytes / 1024 ** 2)} MiB`;

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createEmbedded, type Embedded } from "../../embedded/embedded.ts";
import { soon } from "../../embedded/test-client.ts";
import { apiVersionOf, kinds } from "../../shared/kcp/kinds.ts";
import { loadKubeconfig } from "../../shared/kcp/kubeconfig.ts";
import { type Client, createClient } from "../../shared/kcp/rest.ts";
import { infoName } from "../../shared/names.ts";
import { type Ran, runPm } from "../../test/run-pm.ts";

let folder: string;
let server: Embedded;
let admin: Client;
let running: Promise<Ran>;
const stop = new AbortController();
const file = (name: string) => join(folder, name);

/** pm as the administrator, with the bus of the pm run of this file. */
const pm = (...args: readonly string[]): Promise<Ran> =>
  runPm([...args, `--kubeconfig=${file("admin")}`], { env: { PM_BUS_SOCKET: file("bus") } });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "replay-"));
  const users = [{ token: "operator", name: "account-functions", groups: ["platform-mesh-operators"] }];
  server = await createEmbedded({ users });
  await writeFile(file("admin"), server.kubeconfig());
  await writeFile(file("token"), "operator");
  admin = createClient({ config: await loadKubeconfig({ file: file("admin"), context: "base" }) });
  await pm("bootstrap", `--operator-token-file=${file("token")}`, `--operator-kubeconfig=${file("operator")}`);
  const bus = ["--bus=memory", `--bus-socket=${file("bus")}`];
  const others = ["--webhooks-deny-list=forbidden", "--metrics-bind-address=0", "--health-probe-bind-address=0"];
  running = runPm(["run", `--kubeconfig=${file("operator")}`, ...bus, ...others], { signal: stop.signal });
});
afterAll(async () => {
  stop.abort();
  expect(await running).toMatchObject({ code: 0, err: "" });
  admin.close();
  await server.close();
  await rm(folder, { recursive: true });
});

function create(name: string, parent: string): Promise<unknown> {
  const spec = { displayName: name, type: parent === "root:orgs" ? "org" : "account" };
  const account = { apiVersion: apiVersionOf(kinds.Account), kind: "Account", metadata: { name }, spec };
  return soon(() => admin.create(kinds.Account, parent, account).catch(() => undefined));
}
const reaches = (phase: string, name: string, parent: string): Promise<unknown> =>
  soon(async () => (await admin.get("Account", parent, name))?.status?.phase === phase || undefined);

/** Accounts that are made, edited meanwhile, repaired, refused, and gone again. */
async function liveThroughAll(): Promise<void> {
  const tree = [
    ["acme", "root:orgs"],
    ["dev", "root:orgs:acme"],
    ["stage", "root:orgs:acme:dev"],
  ] as const;
  for (const [name, parent] of tree) {
    await create(name, parent);
    for (let n = 1; n <= 5; n++) {
      await admin.mergePatch(kinds.Account, { cluster: parent, name }, { metadata: { labels: { edited: String(n) } } });
    }
    await reaches("Ready", name, parent);
  }
  await create("forbidden", "root:orgs");
  await reaches("Failed", "forbidden", "root:orgs");

  const info = { cluster: "root:orgs:acme:dev", name: infoName };
  const before = await admin.get("AccountInfo", info.cluster, info.name);
  await admin.delete(kinds.AccountInfo, info);
  await soon(async () => {
    const present = await admin.get("AccountInfo", info.cluster, info.name);
    return (present && present.metadata.uid !== before?.metadata.uid) || undefined;
  });
  await admin.mergePatch(kinds.AccountInfo, info, { spec: { clusterInfo: { ca: "changed" } } });
  const type = { cluster: "root:orgs", name: "acme-account" };
  await admin.mergePatch(kinds.WorkspaceType, type, { spec: { extend: null } });
  await soon(async () => (await admin.get("WorkspaceType", type.cluster, type.name))?.spec.extend && true);
  expect(await pm("account", "delete", "root:orgs:acme", "--cascade", "--yes")).toMatchObject({ code: 0 });
}

test("whatever happens to a tree of accounts, each invocation does the same on what was recorded of it", async () => {
  await liveThroughAll();
  const replayed = await pm("replay", "-o", "json");
  expect(replayed).toMatchObject({ code: 0, err: "" });
  const { replayed: count, differ, notReplayed, invocations } = JSON.parse(replayed.out);
  expect({ differ, notReplayed }).toEqual({ differ: 0, notReplayed: 0 });
  expect(count).toBeGreaterThan(80);
  const functions = new Set(invocations.map(({ function: name }: { function: string }) => name));
  expect(functions.size).toBeGreaterThanOrEqual(6);

  expect(await pm("export", "-O", file("all.jsonl.gz"))).toMatchObject({ code: 0 });
  const home = await runPm(["replay", "--file", file("all.jsonl.gz")]);
  expect(home).toEqual({ code: 0, out: `${count} invocations replayed, 0 differ\n`, err: "" });

  const trace = await pm("trace", "root:orgs:acme:dev");
  expect(trace.out).toMatch(/^root:orgs:acme:dev {2}\d+ events and \d+ invocations in [\d.]+s\n/);
  expect(trace.out).toMatch(/\n +0 {2}Account dev added\n +create-workspace: \d+ ms\n/);
  expect(trace.out).toContain("creates Workspace dev in root:orgs:acme,");
  expect(trace.out).toContain("Account dev updated (Ready)  by ");
  expect(trace.out).toMatch(/Account dev deleted .*\n +relay-lineage: \d+ ms\n/);
  expect(Math.max(...trace.out.split("\n").map(({ length }) => length))).toBeLessThanOrEqual(100);
  const [id = ""] = trace.out.match(/[0-9a-f]{32}/) ?? [];
  expect((await pm("trace", id.slice(0, 8))).out).toContain("Account dev added");
  const [first = ""] = (await pm("trace", "root:orgs:acme:dev", "-o", "name")).out.split("\n");
  expect((await pm("trace", first)).out).toContain("Account dev added");
});

test("events are put before the functions again, and nothing is changed by it", async () => {
  await create("calm", "root:orgs");
  await reaches("Ready", "calm", "root:orgs");
  const versions = () => server.store.revision;
  const dry = await pm("replay", "root:orgs:calm", "--against=live", "--dry-run", `--kubeconfig=${file("operator")}`);
  expect(dry).toMatchObject({
    code: 0,
    out: expect.stringMatching(/ 0 would write, 0 failed; nothing was written\n$/),
  });
  const before = versions();
  const live = await pm("replay", "--account=root:orgs:calm", "--against=live", "--function=workspace-ready");
  expect(live).toMatchObject({
    code: 0,
    out: expect.stringMatching(/events? put before the functions again, \d+ in all\n$/),
  });
  await soon(async () => (await pm("replay", "root:orgs:calm")).code === 0 || undefined);
  expect(versions()).toBe(before);
});

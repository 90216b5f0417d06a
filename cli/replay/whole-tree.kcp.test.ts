import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { apiVersionOf, kinds } from "../../shared/kcp/kinds.ts";
import { infoName } from "../../shared/names.ts";
import { BareKcp, eventually, succeeding } from "../../test/bare-kcp.ts";
import { type Ran, runPm } from "../../test/run-pm.ts";

let bare: BareKcp;
let running: Promise<Ran>;
const stop = new AbortController();
const file = (name: string) => join(bare.folder, name);

/** pm with the bus of the pm run of this file. */
const pm = (...args: readonly string[]): Promise<Ran> =>
  runPm(args, { env: { PM_BUS_SOCKET: file("bus"), KUBECONFIG: bare.kcp.adminKubeconfig } });

beforeAll(async () => {
  bare = await BareKcp.start();
  expect(await bare.bootstrap()).toMatchObject({ code: 0 });
  const bus = ["--bus=memory", `--bus-socket=${file("bus")}`];
  const others = ["--webhooks-deny-list=forbidden", "--metrics-bind-address=0", "--health-probe-bind-address=0"];
  running = runPm(["run", `--kubeconfig=${bare.operatorFile}`, ...bus, ...others], { signal: stop.signal });
});
afterAll(async () => {
  stop.abort();
  expect(await running).toMatchObject({ code: 0, err: "" });
  await bare.stop();
});

function create(name: string, parent: string): Promise<unknown> {
  const spec = { displayName: name, type: parent === "root:orgs" ? "org" : "account" };
  const account = { apiVersion: apiVersionOf(kinds.Account), kind: "Account", metadata: { name }, spec };
  return succeeding(() => bare.admin.create(kinds.Account, parent, account));
}
async function reaches(phase: string, name: string, parent: string): Promise<void> {
  const look = () => bare.admin.get("Account", parent, name);
  expect((await eventually(look, (found) => found?.status?.phase === phase, 60_000))?.status).toMatchObject({ phase });
}

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
      const labels = { edited: String(n) };
      await bare.admin.mergePatch(kinds.Account, { cluster: parent, name }, { metadata: { labels } });
    }
    await reaches("Ready", name, parent);
  }
  await create("forbidden", "root:orgs");
  await reaches("Failed", "forbidden", "root:orgs");
  await repair();
  expect(await pm("account", "delete", "root:orgs:acme", "--cascade", "--yes")).toMatchObject({ code: 0 });
}

async function repair(): Promise<void> {
  const { admin } = bare;
  const info = { cluster: "root:orgs:acme:dev", name: infoName };
  const look = () => admin.get("AccountInfo", info.cluster, info.name);
  const before = await look();
  await admin.delete(kinds.AccountInfo, info);
  await eventually(look, (found) => found !== undefined && found.metadata.uid !== before?.metadata.uid);
  await admin.mergePatch(kinds.AccountInfo, info, { spec: { clusterInfo: { ca: "changed" } } });
  expect((await eventually(look, (found) => found?.spec.clusterInfo.ca !== "changed"))?.spec).toEqual(before?.spec);
  const type = { cluster: "root:orgs", name: "acme-account" };
  await admin.mergePatch(kinds.WorkspaceType, type, { spec: { extend: null } });
  const lookAgain = () => admin.get("WorkspaceType", type.cluster, type.name);
  expect((await eventually(lookAgain, (found) => found?.spec.extend !== undefined))?.spec.extend).toBeDefined();
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
});

test("the recordings can be taken home, and do the same there", async () => {
  expect(await pm("export", "root:orgs:acme", "-O", file("acme.jsonl.gz"))).toMatchObject({ code: 0 });
  const home = await runPm(["replay", "--file", file("acme.jsonl.gz")]);
  expect(home).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+ invocations replayed, 0 differ\n$/) });
});

test("an account that is gone can still be traced", async () => {
  const { out } = await pm("trace", "root:orgs:acme:dev");
  expect(out).toMatch(/^root:orgs:acme:dev {2}\d+ events and \d+ invocations in [\d.]+s\n/);
  expect(out).toMatch(/\n +0 {2}Account dev added\n +create-workspace: \d+ ms\n/);
  expect(out).toContain("creates Workspace dev in root:orgs:acme,");
  expect(out).toContain("Account dev updated (Ready)  by ");
  expect(out).toMatch(/Account dev deleted .*\n +relay-lineage: \d+ ms\n/);
  expect(Math.max(...out.split("\n").map(({ length }) => length))).toBeLessThanOrEqual(100);
  const [id = ""] = out.match(/[0-9a-f]{32}/) ?? [];
  expect((await pm("trace", id.slice(0, 8))).out).toContain("Account dev added");
  const [first = ""] = (await pm("trace", "root:orgs:acme:dev", "-o", "name")).out.split("\n");
  expect((await pm("trace", first)).out).toContain("Account dev added");
});

test("what is gone, and what no account is about, holds nothing for a dry run either", async () => {
  const { code, out } = await pm("replay", "--against=live", "--dry-run");
  expect({ code, out }).toMatchObject({ code: 0, out: expect.stringMatching(/, 0 failed; nothing was written\n$/) });
});

test("events are put before the functions again, and nothing is changed by it", async () => {
  await create("calm", "root:orgs");
  await reaches("Ready", "calm", "root:orgs");
  const version = async () => (await bare.admin.get("Account", "root:orgs", "calm"))?.metadata.resourceVersion;
  const before = await version();
  const live = ["replay", "root:orgs:calm", "--against=live"];
  const dry = await pm(...live, "--dry-run");
  expect(dry).toMatchObject({
    code: 0,
    out: expect.stringMatching(/ 0 would write, 0 failed; nothing was written\n$/),
  });

  const recorded = async () => {
    const { out } = await pm("replay", "root:orgs:calm", "--function=workspace-ready", "-o", "json");
    return JSON.parse(out).replayed as number;
  };
  const known = await recorded();
  const again = await pm(...live, "--function=workspace-ready");
  expect(again).toMatchObject({ code: 0, out: expect.stringMatching(/put before the functions again, \d+ in all\n$/) });
  expect(await eventually(recorded, (count) => count > known)).toBeGreaterThan(known);
  expect(await pm("replay", "root:orgs:calm")).toMatchObject({ code: 0 });
  expect(await version()).toBe(before);
});

import { once } from "node:events";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { kinds } from "../../shared/kcp/kinds.ts";
import { loadKubeconfig } from "../../shared/kcp/kubeconfig.ts";
import type { KubeObject } from "../../shared/kcp/objects.ts";
import { createClient } from "../../shared/kcp/rest.ts";
import { coreExport } from "../../shared/names.ts";
import { defaultSettings } from "../../shared/settings.ts";
import { BareKcp } from "../../test/bare-kcp.ts";
import { Gate } from "../../test/e2e/gate.ts";
import { whoAmI } from "../who-am-i.ts";
import { admissionSteps, readAdmission } from "./admission.ts";
import { loadSteps, manifestsFolder, resourceOf, systemWorkspace } from "./manifests.ts";
import { readLive } from "./plan.ts";
import { checkPreconditions } from "./preconditions.ts";

const minute = 60_000;
const io = { now: Date.now, signal: new AbortController().signal, stderr: process.stderr };

let bare: BareKcp;
beforeAll(async () => {
  bare = await BareKcp.start();
});
afterAll(() => bare?.stop());

/** Every object of the manifests as it is now: uid and resourceVersion, or `undefined`. */
async function present(): Promise<ReadonlyMap<string, string | undefined>> {
  const found = new Map<string, string | undefined>();
  const kcp = await checkPreconditions(bare.admin, { limitMs: minute, io });
  const admission = await admissionSteps(
    await readAdmission({ settings: { ...defaultSettings, creatorAdminGroup: undefined } }),
  );
  for (const { workspace, objects } of [...(await loadSteps(manifestsFolder, kcp)), ...admission]) {
    for (const object of objects) {
      const live = await readLive(bare.admin, workspace, object);
      const version = live && `${live.metadata.uid} ${live.metadata.resourceVersion}`;
      found.set(`${object.kind} ${object.metadata.name} in ${workspace}`, version);
    }
  }
  return found;
}
const existing = async () => [...(await present()).values()].filter((version) => version !== undefined).length;
const operatorConfig = () => loadKubeconfig({ file: bare.operatorFile });

test("--dry-run prints what it would apply, and writes nothing", async () => {
  const { code, out } = await bare.bootstrap("--dry-run");
  expect(code).toBe(0);
  expect(out).toMatch(/# workspace: root:platform-mesh-system\napiVersion: apis\.kcp\.io\/v1alpha2\nkind: APIExport\n/);
  expect(out.match(/^# workspace: /gm)?.length).toBe((await present()).size);
  expect(await existing()).toBe(0);
});

test("refuses users who may not set up kcp", async () => {
  const admins = await readFile(bare.kcp.adminKubeconfig, "utf8");
  const file = join(bare.folder, "alice.kubeconfig");
  await writeFile(file, admins.replace(/token: .*/g, `token: ${bare.kcp.tokens.alice}`));
  const { code, err } = await bare.pm("bootstrap", `--kubeconfig=${file}`, "--context=root");
  expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining("this user may not set up kcp") });
});

test("goes on after it was killed, whenever that was", { timeout: 3 * minute }, async () => {
  let kills = 0;
  // Each run gets one line further than the one before, until one is through.
  for (let seen = 0; ; kills++) {
    const child = bare.spawnPm(...bare.bootstrapArgs());
    let lines = 0;
    child.stdout?.on("data", (chunk: Buffer) => {
      lines += chunk.toString().split("\n").length - 1;
      if (lines > kills) child.kill("SIGKILL");
    });
    const [code] = await once(child, "close");
    const now = await existing();
    expect(now).toBeGreaterThanOrEqual(seen);
    seen = now;
    if (code === 0) break;
  }
  expect(kills).toBeGreaterThan(10);
  expect([...(await present())].filter(([, version]) => version === undefined)).toEqual([]);
});

test("002-F58 writes a kubeconfig for the functions alone, with kcp's certificates in it", async () => {
  const config = await operatorConfig();
  expect(config).toMatchObject({ server: bare.kcp.url, workspace: systemWorkspace });
  expect(config.serverCa()).toContain("BEGIN CERTIFICATE");
  expect((await stat(bare.operatorFile)).mode & 0o777).toBe(0o600);
  expect(await whoAmI(createClient({ config }))).toMatchObject({
    username: "account-functions",
    groups: ["platform-mesh-operators", "system:authenticated"],
  });
});

test("a second run changes nothing", async () => {
  const before = await present();
  const { code, out } = await bare.bootstrap("-o", "json");
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ created: [], changed: [], differing: [], operator: "account-functions" });
  expect(await present()).toEqual(before);
});

test("refuses credentials of a user outside the operators' group, and keeps the kubeconfig that works", async () => {
  const token = join(bare.folder, "bob.token");
  await writeFile(token, bare.kcp.tokens.bob);
  const { code, err } = await bare.bootstrap(`--operator-token-file=${token}`);
  expect(code).toBe(1);
  expect(err).toContain("user bob is not in group platform-mesh-operators");
  expect(await whoAmI(createClient({ config: await operatorConfig() }))).toMatchObject({
    username: "account-functions",
  });
});

test("leaves alone what differs, and --upgrade changes exactly that", async () => {
  const change = { spec: { defaultAPIBindingLifecycle: "InitializeOnly" } };
  const difference = "differs: WorkspaceType org in root: spec.defaultAPIBindingLifecycle\n";
  await bare.admin.mergePatch(kinds.WorkspaceType, { cluster: "root", name: "org" }, change);
  const plain = await bare.bootstrap();
  expect(plain).toMatchObject({ code: 1, out: expect.stringContaining(difference) });
  expect(await bare.bootstrap("--upgrade", "--dry-run")).toMatchObject({ code: 0, out: difference });

  const before = await present();
  const { code, out } = await bare.bootstrap("--upgrade", "-o", "json");
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ created: [], changed: ["WorkspaceType org in root"], differing: [] });
  const changed = [...(await present())].filter(([name, version]) => before.get(name) !== version);
  expect(changed.map(([name]) => name)).toEqual(["WorkspaceType org in root"]);
  expect(await bare.bootstrap("--upgrade", "--dry-run")).toMatchObject({ out: "nothing to change\n" });
});

test("makes again what was deleted", async () => {
  const clusterRoles = resourceOf({ apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole" });
  await bare.admin.delete(clusterRoles, { cluster: "root", name: "account-functions:operator" });
  const { code, out, err } = await bare.bootstrap("-o", "json");
  expect(code, err).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ created: ["ClusterRole account-functions:operator in root"], changed: [] });
});

// kcp-facts V24: kcp itself would take any schema.
test("an upgrade that would break Accounts is refused unless forced", async () => {
  interface Exporting extends KubeObject {
    readonly spec: { readonly resources: readonly { readonly name: string; readonly schema: string }[] };
  }
  const exports = { group: "apis.kcp.io", version: "v1alpha2", plural: "apiexports" };
  const schemas = { group: "apis.kcp.io", version: "v1alpha1", plural: "apiresourceschemas" };
  const target = { cluster: systemWorkspace, name: coreExport };
  const exported = async () => (await bare.admin.read<Exporting>(exports, target))?.spec.resources ?? [];
  const ours = await exported();
  const schemaName = ours.find(({ name }) => name === "accounts")?.schema ?? "";
  const schema = await bare.admin.read(schemas, { cluster: systemWorkspace, name: schemaName });

  // An installation whose Accounts have one field more than this version knows.
  const wider = JSON.parse(JSON.stringify(schema).replace('"creator":{', '"costCenter":{"type":"string"},"creator":{'));
  const metadata = { name: `v9.accounts.${coreExport}` };
  await bare.admin.create(schemas, systemWorkspace, { ...wider, metadata });
  const resources = ours.map((each) => (each.name === "accounts" ? { ...each, schema: metadata.name } : each));
  await bare.admin.mergePatch(exports, target, { spec: { resources } });

  const refused = await bare.bootstrap("--upgrade");
  expect(refused).toMatchObject({ code: 1, err: expect.stringContaining("v1alpha1.spec.costCenter: removed") });
  expect(await exported()).toEqual(resources);
  expect(await bare.bootstrap("--upgrade", "--force")).toMatchObject({ code: 0 });
  expect(await exported()).toEqual(ours);
});

test("goes on when kcp has no time, or writes to the same object at the same moment", {
  timeout: 3 * minute,
}, async () => {
  const refused = new Set<string>();
  const gate = await Gate.open(bare.kcp);
  onTestFinished(() => gate.close());
  gate.answerFor = ({ method, path }) => {
    // Each kind of request once.
    const what = `${method} ${path.replace(/[^/]*$/, "")}`;
    if (refused.has(what)) return undefined;
    refused.add(what);
    return method === "GET" ? 503 : 409;
  };
  const file = join(bare.folder, "gated.kubeconfig");
  const admins = await readFile(bare.kcp.adminKubeconfig, "utf8");
  await writeFile(file, admins.replaceAll(bare.kcp.url, gate.url));
  const { code, err } = await bare.bootstrap(`--kubeconfig=${file}`, "--security=on");
  expect(code, err).toBe(0);
  expect(refused.size).toBeGreaterThan(10);
  expect(await bare.bootstrap("--security=off")).toMatchObject({ code: 0, err: "" });
  expect(await bare.bootstrap("--upgrade", "--dry-run")).toMatchObject({ out: "nothing to change\n" });
});

test("says in exit code 3 that kcp does not answer", async () => {
  const file = join(bare.folder, "nobody.kubeconfig");
  const admins = await readFile(bare.kcp.adminKubeconfig, "utf8");
  await writeFile(file, admins.replaceAll(bare.kcp.url, "https://127.0.0.1:1"));
  expect(await bare.pm("bootstrap", `--kubeconfig=${file}`)).toMatchObject({ code: 3 });
});

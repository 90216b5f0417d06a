import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createEmbedded, type Embedded } from "../../embedded/embedded.ts";
import { defineFunction } from "../../shared/function.ts";
import { loadKubeconfig } from "../../shared/kcp/kubeconfig.ts";
import { type Client, createClient } from "../../shared/kcp/rest.ts";
import { defaultSettings } from "../../shared/settings.ts";
import { runPm } from "../../test/run-pm.ts";
import { styleOf } from "../style.ts";
import { renderInvoked } from "./render.ts";
import { runHere } from "./run-here.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };

let folder: string;
let kcp: Embedded;
let admin: Client;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "invoke-"));
  kcp = await createEmbedded({ tls: false });
  await writeFile(join(folder, "kubeconfig"), kcp.kubeconfig());
  await pm("bootstrap", `--operator-kubeconfig=${join(folder, "none")}`);
  await pm("account", "create", "acme");
  admin = createClient({ config: await loadKubeconfig({ file: join(folder, "kubeconfig") }) });
});
afterAll(async () => {
  admin.close();
  await kcp.close();
  await rm(folder, { recursive: true });
});

const pm = (...argv: readonly string[]) => runPm(argv, { env: { KUBECONFIG: join(folder, "kubeconfig") } });
const invoke = (...argv: readonly string[]) => pm("invoke", ...argv);
const workspace = () => admin.get("Workspace", "root:orgs", "acme");

/** In their order: what is tried on an account that no other function looks at. */
describe("one function for the event of an account", () => {
  test("a dry run shows each write as a diff, and makes none", async () => {
    const { code, out } = await invoke("create-workspace", "--account=acme", "--dry-run");
    expect(code).toBe(0);
    expect(out).toMatch(/^create-workspace {2}Account add, acme in root:orgs/);
    expect(out).toContain('create  WorkspaceType acme-org in root:orgs\n    + apiVersion: "tenancy.kcp.io/v1alpha1"');
    expect(out).toContain("dry run: nothing was written");
    expect(await workspace()).toBeUndefined();
    expect((await admin.get("Account", "root:orgs", "acme"))?.metadata.finalizers).toBeUndefined();
  });

  test("its writes are made and told in their order, its facts are told and wake nobody", async () => {
    const { code, out } = await invoke("create-workspace", "--account=root:orgs:acme", "-v");
    expect(code).toBe(0);
    expect(out.match(/(?<=^ {2})(?:patch|create) .*(?= {2}\d+ ms$)/gm)).toEqual([
      "patch   Account acme in root:orgs",
      "create  WorkspaceType acme-org in root:orgs",
      "create  WorkspaceType acme-account in root:orgs",
      "create  Workspace acme in root:orgs",
      "patch   status of Account acme in root:orgs",
    ]);
    expect(out).toMatch(/get {5}Workspace acme in root:orgs: none {2}\d+ ms/);
    expect(out).toMatch(/emits {3}io.platform-mesh.account.workspace-created\n +not published/);
    expect(await workspace()).toBeDefined();
  });

  test("a second run finds nothing to do", async () => {
    const { out } = await invoke("create-workspace", "--account=acme", "--output=json");
    expect(JSON.parse(out)).toMatchObject({ function: "create-workspace", result: { kind: "done" }, writes: [] });
  });

  test.each([
    ["manage-accountinfo", "Workspace", "add"],
    ["workspace-ready", "Workspace", "update"],
    ["relay-lineage", "WorkspaceType", "update"],
  ])("%s gets the %s, which it takes", async (name, kind, verb) => {
    const { code, out } = await invoke(name, "--account=acme", "--dry-run", "--output=json");
    expect(code).toBe(0);
    const { kcpcluster } = JSON.parse(out).event;
    expect(JSON.parse(out).event).toMatchObject({ kind, accountkey: `${kcpcluster}/acme`, kcppath: "root:orgs" });
    expect(JSON.parse(out).event.type).toBe(`dev.knative.apiserver.resource.${verb}`);
  });

  test("what takes none of its objects as they are gets the event of the timer", async () => {
    const { out } = await invoke("nudge-workspace", "--account=acme");
    expect(out).toContain("nudge-workspace  io.platform-mesh.account.resync-due of Account, acme in root:orgs");
    expect(out).toContain("drop: the Workspace is a new one");
  });

  test("an event that pm events printed works as it stands", async () => {
    const { event } = JSON.parse((await invoke("workspace-ready", "--account=acme", "--output=json")).out);
    const file = join(folder, "line.json");
    await writeFile(file, `${JSON.stringify({ sequence: 7, event })}\n`);
    expect(await invoke("workspace-ready", "--event", file, "--output=name")).toMatchObject({ code: 0, out: "drop\n" });
  });

  test.each([
    [["manage-accountinfo", "--account=acme", "--kind=Account"], 2, "takes no event of Account"],
    [["remove-workspace", "--account=acme", "--kind=Account"], 1, "nothing of root:orgs:acme as it is now"],
    [["workspace-ready", "--account=none"], 1, "there is no account root:orgs:none"],
    [["workspace-ready", "--account=root:orgs:none:dev"], 1, "there is no account root:orgs:none:dev"],
  ])("%j ends with %i: %s", async (argv, code, message) => {
    const ran = await invoke(...argv);
    expect(ran.code).toBe(code);
    expect(ran.err).toContain(message);
  });

  test("a handler that fails is told with its reason", async () => {
    const { event } = JSON.parse((await invoke("workspace-ready", "--account=acme", "--output=json")).out);
    const failing = defineFunction({
      name: "failing",
      on: [],
      handle: async () => {
        throw new Error("no such luck");
      },
    });
    const here = { client: admin, settings: defaultSettings, dryRun: false, log: silent, now: Date.now };
    const invoked = await runHere(failing, event, { ...here, signal: new AbortController().signal });
    const told = renderInvoked(invoked, {
      style: styleOf({ color: false }),
      pathOf: (cluster) => cluster,
      verbose: false,
    });
    expect(told).toContain("\nfailed: Error: no such luck\n    at ");
  });

  test("an account in a workspace that does not bind the export is none: kcp says 403 of what cannot be there", async () => {
    const { event } = JSON.parse((await invoke("workspace-ready", "--account=acme", "--output=json")).out);
    const file = join(folder, "elsewhere.json");
    await writeFile(file, JSON.stringify({ ...event, accountkey: "elsewhere/acme" }));
    const { code, out } = await invoke("workspace-ready", "--event", file);
    expect(code).toBe(0);
    expect(out).toContain("no Account");
  });
});

describe("where security is on", () => {
  beforeAll(async () => {
    await pm("bootstrap", `--operator-kubeconfig=${join(folder, "none")}`, "--security=on");
    await pm("account", "create", "beta");
  });

  test("no function takes an account for secured that is not", async () => {
    await invoke("create-workspace", "--account=beta");
    const beta = await admin.get("Account", "root:orgs", "beta");
    expect(beta?.status?.conditions).toContainEqual(
      expect.objectContaining({ type: "SecuritySubroutine", status: "Unknown" }),
    );
  });

  test("what secures accounts is told which servers it needs", async () => {
    const { code, err } = await invoke("security-init", "--account=acme", "--dry-run");
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining("give --fga-url") });
    expect(await invoke("security-init", "--account=acme", "--fga-token-file=x")).toMatchObject({
      code: 2,
      err: expect.stringContaining("--fga-token-file: is for --fga-url"),
    });
  });
});

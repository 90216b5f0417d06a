import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { Product } from "../test/e2e/product.ts";
import { startKcp, startNats, type TestKcp, type TestServer } from "../test/servers.ts";
import { type Claim, claimAny } from "../tools/claim.ts";
import { stateFolder } from "../tools/paths.ts";

const pmFile = new URL("../bin/pm", import.meta.url).pathname;
let kcp: TestKcp;
let nats: TestServer;
let state: Claim;
let operator: string;
let user: string;

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}
/** One command in a process of its own, as the admin. */
function pm(...argv: string[]): Promise<Ran> {
  const env = { ...process.env, KUBECONFIG: user, NATS_URL: nats.url };
  return new Promise((resolve) => {
    execFile(pmFile, argv, { env }, (error, out, err) => resolve({ code: Number(error?.code ?? 0), out, err }));
  });
}
const product = (...args: string[]) =>
  new Product({
    kubeconfig: operator,
    logFile: join(state.folder, "pm-run.log"),
    args: [`--nats-url=${nats.url}`, ...args],
  });

beforeAll(async () => {
  [kcp, nats, state] = await Promise.all([startKcp(), startNats(), claimAny(join(stateFolder, "test"))]);
  operator = join(state.folder, "operator.kubeconfig");
  user = join(state.folder, "user.kubeconfig");
  const admin = await readFile(kcp.adminKubeconfig, "utf8");
  await writeFile(user, admin.replace(/^current-context:.*$/m, "current-context: root"), { mode: 0o600 });
  const identity = [`--operator-token-file=${kcp.operatorTokenFile}`, `--operator-kubeconfig=${operator}`];
  // The functions are to be the ones who refuse.
  const asAdmin = [`--kubeconfig=${kcp.adminKubeconfig}`, "--admission=none"];
  expect(await pm("bootstrap", ...asAdmin, ...identity)).toMatchObject({ code: 0 });
});

afterAll(async () => {
  await Promise.all([kcp?.stop(), nats?.stop(), state?.release()]);
});

describe("pm on a real kcp and NATS", () => {
  const running = () => product("--shutdown-timeout=10s");
  let functions: Product;
  beforeAll(async () => {
    functions = running();
    await functions.start();
  });
  afterAll(async () => {
    await functions.stop();
  });

  test("account create --wait shows the stages, tree and why the state", async () => {
    const org = await pm("account", "create", "acme", "--wait");
    expect(org).toMatchObject({ code: 0, err: "" });
    expect(org.out).toMatch(
      /^Declared .*s {2}WorkspaceType .*s {2}Workspace .*s {2}AccountInfo .*s {2}Ready .*s {2}root:orgs:acme\n$/,
    );
    expect(await pm("account", "create", "team-a", "-w", "root:orgs:acme", "--wait")).toMatchObject({ code: 0 });
    expect(
      await pm("account", "create", "dev", "--parent", "root:orgs:acme:team-a", "--wait", "-o", "name"),
    ).toMatchObject({
      code: 0,
      out: "root:orgs:acme:team-a:dev\n",
    });
    expect((await pm("tree")).out).toBe(`root:orgs
└─ acme       org      Ready
   └─ team-a  account  Ready
      └─ dev  account  Ready
3 accounts, all ready
`);
    const why = await pm("why", "root:orgs:acme");
    expect(why.out).toMatch(/^Account acme {2}Ready=True \(Complete\)/);
    expect(why.out).toContain("✓ WorkspaceTypeSubroutine      WorkspaceTypes acme-org, acme-account\n");
    expect(why.out).toContain("nothing holds it up\n");
    expect((await pm("account", "get", "root:orgs:acme")).out).toMatch(/acme +org +Ready +True/);
  });

  test("why, tree and wait say why an account can never be ready", async () => {
    const at = ["odd", "-w", "root:orgs:acme"];
    const created = await pm("account", "create", ...at, "--type=odd", "--wait");
    expect(created).toMatchObject({ code: 1, err: expect.stringContaining("account root:orgs:acme:odd failed") });
    const reason = 'account type "odd" is not allowed: use one of org, account';
    expect((await pm("why", ...at)).out).toContain(`cause: ${reason}\n`);
    expect((await pm("tree", "root:orgs:acme")).out).toMatch(new RegExp(`odd +odd +Failed \\S+ +${reason}`));
    expect(await pm("account", "wait", ...at)).toMatchObject({ code: 1, err: expect.stringContaining(reason) });
    expect(await pm("account", "delete", ...at, "--yes")).toMatchObject({ code: 0 });
  });

  test("events tells the story of one account, in one trace", async () => {
    const { out, code } = await pm("events", "root:orgs:acme:team-a:dev", "-o", "json");
    expect(code).toBe(0);
    const events = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).event);
    const types = events.map(({ type }) => type);
    expect(types).toContain("io.platform-mesh.account.ready");
    expect(events[0]).toMatchObject({ kind: "Account", name: "dev" });
    expect(new Set(events.map(({ traceparent }) => traceparent?.split("-")[1])).size).toBe(1);
    expect((await pm("events", "root:orgs:acme:team-a:dev")).out).toMatch(/ready +by workspace-ready/);
    expect((await pm("events", "root:orgs:acme:other")).out).toBe("");
    expect(await pm("events", "--nats-prefix=wrong")).toMatchObject({
      code: 1,
      err: expect.stringContaining("NATS keeps no events below wrong.ev.>"),
    });
  });

  test("002-M the metrics count what happened", async () => {
    expect(
      await functions.metric('account_operator_accounts_reconciled_total{type="org",result="success"}'),
    ).toBeGreaterThan(0);
    expect(await functions.metric('account_operator_workspace_ready_duration_seconds_count{type="account"}')).toBe(2);
    expect(await functions.metric("account_operator_org_provisioning_duration_seconds_count")).toBe(1);
    expect(await functions.metric('account_operator_workspacetype_operations_total{operation="created"')).toBe(2);
    expect(await functions.metric("rest_client_requests_total")).toBeGreaterThan(10);
    expect(await functions.metric('workqueue_depth{name="create-workspace"}')).toBe(0);
    expect(await functions.metric('account_functions_source_objects{kind="Account"}')).toBe(3);
  });

  test("account delete --cascade takes the tree down from its leaves", async () => {
    const refused = await pm("account", "delete", "root:orgs:acme", "--yes");
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining("holds 2 accounts") });
    const explained = await pm("why", "--delete", "root:orgs:acme:team-a");
    expect(explained.out).toContain("1 Account still exists: dev");
    const { code, out } = await pm("account", "delete", "root:orgs:acme", "--cascade", "--yes");
    expect(code).toBe(0);
    const gone = [...out.matchAll(/^gone {2}(\S+)/gm)].map(([, path]) => path);
    expect(gone).toEqual(["root:orgs:acme:team-a:dev", "root:orgs:acme:team-a", "root:orgs:acme"]);
    expect((await pm("tree")).out).toContain("no accounts yet");
  });

  test("a deletion is explained while it goes on, and waited for", async () => {
    await pm("account", "create", "beta", "--wait");
    await pm("account", "create", "qa", "-w", "root:orgs:beta", "--wait");
    expect(await pm("account", "delete", "root:orgs:beta", "--cascade", "--yes", "--wait=false")).toMatchObject({
      code: 0,
    });
    const { out } = await pm("why", "--delete", "root:orgs:beta");
    expect(out).toMatch(/^Account beta {2}being deleted for/);
    expect(await pm("account", "wait", "root:orgs:beta", "--for", "deleted")).toMatchObject({ code: 0 });
  });
});

describe("pm run", () => {
  test("002-C31 is ready only when it is, and 002-C23 ends with 0 within its time", async () => {
    const run = product("--shutdown-timeout=10s", "--metrics-bind-address=0");
    await run.start();
    const started = Date.now();
    expect(await run.stop()).toBe(0);
    expect(Date.now() - started).toBeLessThan(5_000);
  });

  test("002-C24 a port that is taken ends it with a clear message", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    const address = taken.address();
    const port = typeof address === "object" && address ? address.port : 0;
    const { code, err } = await pm(
      "run",
      `--kubeconfig=${operator}`,
      "--bus=memory",
      `--metrics-bind-address=127.0.0.1:${port}`,
      "--health-probe-bind-address=0",
    );
    expect({ code, err }).toMatchObject({
      code: 1,
      err: expect.stringContaining("choose another address with --metrics-bind-address"),
    });
    taken.close();
  });

  test("what is missing at the start is said: the slice, the rights, the bus", async () => {
    const base = ["run", "--metrics-bind-address=0", "--health-probe-bind-address=0", "--bus=memory"];
    const noSlice = await pm(...base, `--kubeconfig=${operator}`, "--kcp-api-export-endpoint-slice-name=other");
    expect(noSlice).toMatchObject({
      code: 1,
      err: expect.stringContaining("there is no APIExportEndpointSlice other"),
    });
    const noBus = await pm(...base.slice(0, 3), `--kubeconfig=${operator}`, "--nats-url=nats://127.0.0.1:1");
    expect(noBus).toMatchObject({ code: 3, err: expect.stringContaining("the bus does not answer") });
  });

  test("002-C32 of two replicas one leads; the other follows at once when it ends, and in time when it is killed", async () => {
    const [one, two] = [
      product("--leader-elect", "--nats-prefix=replicas"),
      product("--leader-elect", "--nats-prefix=replicas"),
    ];
    await one.start();
    const leads = (replica: Product) => replica.metric("leader_election_master_status");
    await vi.waitFor(async () => expect(await leads(one)).toBe(1), { timeout: 10_000 });
    await two.start();
    await delay(3_000);
    expect([await leads(one), await leads(two)]).toEqual([1, 0]);
    expect(await one.stop()).toBe(0);
    await vi.waitFor(async () => expect(await leads(two)).toBe(1), { timeout: 5_000 });
    await one.start();
    await two.kill();
    await vi.waitFor(async () => expect(await leads(one)).toBe(1), { timeout: 25_000 });
    expect(await pm("account", "create", "gamma", "--wait")).toMatchObject({ code: 0 });
    expect(await pm("account", "delete", "root:orgs:gamma", "--yes")).toMatchObject({ code: 0 });
    await one.stop();
  });
});

test("kcp that does not answer: 3, and its address", async () => {
  await kcp.kill();
  expect(await pm("tree")).toMatchObject({ code: 3, err: expect.stringContaining(kcp.url) });
  const base = ["run", "--metrics-bind-address=0", "--health-probe-bind-address=0", "--bus=memory"];
  expect(await pm(...base, `--kubeconfig=${operator}`)).toMatchObject({ code: 3 });
});

import { expect, test } from "vitest";
import { type Fixture, KcpServer } from "../../test/kcp-server.ts";
import { runPm } from "../../test/run-pm.ts";

const now = Date.parse("2026-01-01T01:00:00Z");
const ready = {
  phase: "Ready",
  conditions: [{ type: "Ready", status: "True", lastTransitionTime: "2026-01-01T00:00:00Z" }],
};

function account(name: string, type: string, status: object = ready, metadata: object = {}): Fixture {
  const created = { name, creationTimestamp: "2026-01-01T00:00:00Z", ...metadata };
  return { kind: "Account", metadata: created, spec: { type, displayName: name }, status };
}

/** The tree of operations.md, section 3. */
async function company(): Promise<KcpServer> {
  const kcp = await KcpServer.start();
  kcp.put("root:orgs", account("acme", "org"));
  kcp.put("root:orgs:acme", account("team-a", "account"));
  kcp.put("root:orgs:acme", account("team-b", "account", ready, { deletionTimestamp: "2026-01-01T00:58:00Z" }));
  kcp.put("root:orgs:acme:team-b", account("qa", "account"));
  kcp.put("root:orgs:acme:team-a", account("staging", "account"));
  kcp.put("root:orgs:acme:team-a:staging", account("prod", "account"));
  const waiting = {
    type: "WorkspaceReadySubroutine",
    status: "False",
    reason: "Stopped",
    message: "Workspace not ready yet",
  };
  const since = "2026-01-01T00:59:19Z";
  const conditions = [waiting, { type: "Ready", status: "False", lastTransitionTime: since }];
  kcp.put("root:orgs:acme:team-a", account("dev", "account", { phase: "Provisioning", conditions }));
  kcp.put("root:orgs:acme:team-a", {
    kind: "Workspace",
    metadata: { name: "dev" },
    status: { phase: "Initializing", initializers: ["root:security"] },
  });
  return kcp;
}

test("000-F07 draws the tree with what each account waits for", async () => {
  await using kcp = await company();
  const { out, code } = await runPm(["tree"], { server: kcp.url, now: () => now });
  expect(code).toBe(0);
  expect(out).toBe(`root:orgs
└─ acme           org      Ready
   ├─ team-a      account  Ready
   │  ├─ dev      account  Provisioning 41s  workspace Initializing: root:security
   │  └─ staging  account  Ready
   │     └─ prod  account  Ready
   └─ team-b      account  Deleting 2m       blocked: 1 child account (qa)
      └─ qa       account  Ready
7 accounts, 2 not ready;  next: pm why root:orgs:acme:team-a:dev
`);
});

test("costs one request an account, and one more for what is not ready", async () => {
  await using kcp = await company();
  await runPm(["tree"], { server: kcp.url });
  expect(kcp.requests).toHaveLength(1 + 7 + 2);
});

test("starts at any account, also at a name in the workspace of -w", async () => {
  await using kcp = await company();
  const { out } = await runPm(["tree", "root:orgs:acme:team-a:staging"], { server: kcp.url, now: () => now });
  expect(out).toBe("staging  account  Ready\n└─ prod  account  Ready\n2 accounts, all ready\n");
  expect((await runPm(["tree", "staging", "-w", "root:orgs:acme:team-a"], { server: kcp.url })).out).toBe(out);
  expect((await runPm(["tree", "-w", "root:orgs:acme:team-a:staging"], { server: kcp.url })).out).toBe(out);
});

test("is stable as JSON, and as names", async () => {
  await using kcp = await company();
  const { out } = await runPm(["tree", "root:orgs:acme:team-a:staging", "-o", "json"], { server: kcp.url });
  const node = (name: string, path: string, children: readonly object[]) => ({
    ...{ name, path, type: "account", phase: "Ready", ready: true, children },
    ...{ since: "2026-01-01T00:00:00.000Z", waitsFor: "", visible: true },
  });
  const staging = "root:orgs:acme:team-a:staging";
  expect(JSON.parse(out)).toEqual(node("staging", staging, [node("prod", `${staging}:prod`, [])]));
  expect((await runPm(["tree", staging, "-o", "name"], { server: kcp.url })).out).toBe(`${staging}\n${staging}:prod\n`);
  const all = JSON.parse((await runPm(["tree", "-o", "json"], { server: kcp.url })).out);
  expect(all).toMatchObject({ path: "root:orgs", children: [{ name: "acme" }] });
});

test("shows what the user may see, and says where not", async () => {
  await using kcp = await company();
  kcp.deny("root:orgs:acme:team-b:qa");
  const { out } = await runPm(["tree", "root:orgs:acme:team-b"], { server: kcp.url });
  expect(out).toMatch(/└─ qa +account +Ready +\(no access to what is below\)/);
  kcp.deny("root:orgs");
  const org = await runPm(["tree", "root:orgs:acme"], { server: kcp.url });
  expect(org).toMatchObject({ code: 0, out: expect.stringMatching(/^root:orgs:acme\n├─ team-a/) });
  kcp.deny("root:orgs:acme");
  expect(await runPm(["tree", "root:orgs:acme"], { server: kcp.url })).toMatchObject({ code: 1 });
});

test("says how to begin where there is nothing yet", async () => {
  await using kcp = await KcpServer.start();
  expect((await runPm(["tree"], { server: kcp.url })).out).toBe(
    "root:orgs\nno accounts yet; create one: pm account create acme --wait\n",
  );
});

test("colours phases on a terminal", async () => {
  await using kcp = await company();
  const { out } = await runPm(["tree"], { server: kcp.url, color: true, now: () => now });
  expect(out).toContain("└─ acme           org      \u001b[32mReady\u001b[0m\n");
  expect(out).toContain("\u001b[33mProvisioning 41s  workspace Initializing: root:security\u001b[0m");
});

test("300 accounts take no longer than their requests", async () => {
  await using kcp = await KcpServer.start();
  kcp.put("root:orgs", account("acme", "org"));
  for (let team = 0; team < 15; team++) {
    kcp.put("root:orgs:acme", account(`team-${team}`, "account"));
    for (let dev = 0; dev < 19; dev++) kcp.put(`root:orgs:acme:team-${team}`, account(`dev-${dev}`, "account"));
  }
  const started = performance.now();
  const { out } = await runPm(["tree"], { server: kcp.url });
  expect(performance.now() - started).toBeLessThan(3_000);
  expect(out).toContain("301 accounts, all ready");
});

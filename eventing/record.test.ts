import { describe, expect, test } from "vitest";
import type { CloudEvent } from "../shared/event.ts";
import { type AccountFunction, done } from "../shared/function.ts";
import type { Writer } from "../shared/kcp/client.ts";
import { kinds } from "../shared/kcp/kinds.ts";
import type { Account, Condition } from "../shared/kcp/objects.ts";
import { createMetrics, type Metrics } from "../shared/metrics.ts";
import { complete } from "../shared/step.ts";
import type { Ending, Handled, Run } from "./dispatch-metrics.ts";
import { countingTypes, recordAccounts, recordObjects } from "./record-accounts.ts";
import { recordCertificate } from "./record-certificate.ts";
import { recordDispatch } from "./record-dispatch.ts";
import { tellAll } from "./tell-all.ts";

const step = (condition: string) => ({ condition, observe: async () => complete });
const functions: readonly AccountFunction[] = [
  {
    name: "create-workspace",
    on: [],
    steps: [step("WorkspaceTypeSubroutine"), step("WorkspaceSubroutine")],
    handle: async () => done(),
  },
  { name: "release-accountinfo", on: [], handle: async () => done() },
];
const condition = (type: string, status: "True" | "False", lastTransitionTime = "2026-01-01T00:00:05Z"): Condition => ({
  ...{ type, status, reason: status === "True" ? "Complete" : "Stopped", message: "", lastTransitionTime },
});
function account(
  type: string,
  conditions: readonly Condition[] = [],
  more: { deletionTimestamp?: string } = {},
): Account {
  const metadata = { name: "acme", uid: "u", resourceVersion: "1", creationTimestamp: "2026-01-01T00:00:00Z", ...more };
  return { apiVersion: "v1", kind: "Account", metadata, spec: { type, displayName: "" }, status: { conditions } };
}
const event: CloudEvent = {
  specversion: "1.0",
  id: "e",
  type: "t",
  source: "s",
  accountkey: "c/acme",
  time: "2026-01-01T00:00:00Z",
};
const runOf = (name: string, attempt = 1): Run => ({
  ...{ function: name, event, attempt, waitedMs: 20, startedAt: Date.parse("2026-01-01T00:00:00.250Z") },
});

async function series(metrics: Metrics): Promise<Record<string, number>> {
  const lines = (await metrics.registry.metrics()).split("\n").filter((line) => line && !line.startsWith("#"));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ")))]),
  );
}

function recorder(subject: Account | undefined = account("org"), time = { now: 1000 }) {
  const metrics = createMetrics();
  const accountTypes = ["org", "account"];
  const options = { metrics, functions, concurrency: 7, accountTypes, accountOf: () => subject, now: () => time.now };
  return { metrics, dispatch: recordDispatch(options) };
}
async function passed(outcome: Ending, more: Partial<Handled> = {}, subject?: Account, name = "create-workspace") {
  const { metrics, dispatch } = recorder(subject);
  const run = runOf(name);
  dispatch.added(name);
  dispatch.started(run);
  dispatch.handled(run, { outcome, ms: 100, ...more });
  return await series(metrics);
}

describe("002-M01, M06 to M10: what the dispatcher does", () => {
  test.each<[Ending, string]>([
    ["done", "success"],
    ["waiting", "success"],
    ["requeue", "requeue"],
    ["retry", "error"],
    ["dead", "error"],
  ])("002-M01 %s counts as %s", async (ending, result) => {
    const found = await passed(ending, { trouble: "error" });
    expect(found[`account_operator_accounts_reconciled_total{type="org",result="${result}"}`]).toBe(1);
  });

  test("002-M01 what is about no account, or dropped, is no pass over one; types are of a bounded number", async () => {
    const counted = (found: object) =>
      Object.keys(found).filter((name) => name.startsWith("account_operator_accounts_reconciled"));
    expect(counted(await passed("drop"))).toEqual([]);
    expect(counted(await passed("done", {}, account("org"), "release-accountinfo"))).toEqual([]);
    expect(counted(await passed("done", {}, account("anything")))).toEqual([
      'account_operator_accounts_reconciled_total{type="other",result="success"}',
    ]);
  });

  test("002-M06 done is ok for all steps; a stop is the last one's, of process or of finalize", async () => {
    const labels = (name: string, rest: string) =>
      `lifecycle_subroutine_duration_seconds_count{controller="AccountReconciler",subroutine="${name}",${rest}}`;
    const ok = await passed("done");
    expect(ok[labels("WorkspaceTypeSubroutine", 'action="process",outcome="ok"')]).toBe(1);
    expect(ok[labels("WorkspaceSubroutine", 'action="process",outcome="ok"')]).toBe(1);
    const stop = await passed("waiting", {}, account("org", [], { deletionTimestamp: "2026-01-01T00:00:00Z" }));
    expect(stop[labels("WorkspaceSubroutine", 'action="finalize",outcome="stop"')]).toBe(1);
    expect(stop[labels("WorkspaceTypeSubroutine", 'action="finalize",outcome="stop"')]).toBeUndefined();
  });

  test("002-M07, M08 errors and delays are counted", async () => {
    const labels = 'controller="AccountReconciler",subroutine="WorkspaceSubroutine"';
    const failed = await passed("retry", { trouble: "error", againInMs: 2000 });
    expect(failed[`lifecycle_subroutine_errors_total{${labels},action="process"}`]).toBe(1);
    expect(failed[`lifecycle_subroutine_requeue_seconds_sum{${labels},outcome="error"}`]).toBe(2);
  });

  test("002-M09 depth, waits, work and what is unfinished", async () => {
    const time = { now: 1000 };
    const { metrics, dispatch } = recorder(undefined, time);
    const name = "create-workspace";
    const run = runOf(name);
    for (let events = 0; events < 3; events++) dispatch.added(name);
    dispatch.started(run);
    dispatch.returned(name);
    time.now = 4000;
    const running = await series(metrics);
    expect(running).toMatchObject({
      [`workqueue_depth{name="${name}"}`]: 1,
      [`workqueue_adds_total{name="${name}"}`]: 3,
      [`workqueue_queue_duration_seconds_sum{name="${name}"}`]: 0.02,
      [`workqueue_unfinished_work_seconds{name="${name}"}`]: 3,
      [`workqueue_longest_running_processor_seconds{name="${name}"}`]: 3,
      'controller_runtime_active_workers{controller="AccountReconciler"}': 1,
      [`account_functions_event_lag_seconds_sum{function="${name}"}`]: 0.25,
    });
    dispatch.handled(run, { outcome: "retry", trouble: "error", ms: 100 });
    expect(await series(metrics)).toMatchObject({
      [`workqueue_work_duration_seconds_sum{name="${name}"}`]: 0.1,
      [`workqueue_unfinished_work_seconds{name="${name}"}`]: 0,
      [`workqueue_retries_total{name="${name}"}`]: 1,
      'controller_runtime_active_workers{controller="AccountReconciler"}': 0,
    });
  });

  test("002-M10 passes by controller, and what kind of error ended them", async () => {
    const labels = '{controller="AccountReconciler"}';
    expect(await passed("dead", { trouble: "terminal" })).toMatchObject({
      'controller_runtime_reconcile_total{controller="AccountReconciler",result="error"}': 1,
      [`controller_runtime_reconcile_errors_total${labels}`]: 1,
      [`controller_runtime_terminal_reconcile_errors_total${labels}`]: 1,
      [`controller_runtime_reconcile_time_seconds_sum${labels}`]: 0.1,
      [`controller_runtime_max_concurrent_reconciles${labels}`]: 7,
    });
    expect(await passed("retry", { trouble: "time limit" })).toMatchObject({
      [`controller_runtime_reconcile_timeouts_total${labels}`]: 1,
    });
    const stopping = await passed("retry", { trouble: "shutdown" });
    expect(stopping[`controller_runtime_reconcile_errors_total${labels}`]).toBeUndefined();
    const info = await passed("done", {}, account("org"), "release-accountinfo");
    expect(info['controller_runtime_reconcile_total{controller="AccountInfoReconciler",result="success"}']).toBe(1);
  });

  test("each listener is told everything", () => {
    const told: string[] = [];
    const listener = (name: string) => ({
      added: () => told.push(`${name} added`),
      returned: () => told.push(`${name} returned`),
      started: () => told.push(`${name} started`),
      handled: () => told.push(`${name} handled`),
    });
    const all = tellAll([listener("a"), listener("b")]);
    const run = runOf("x");
    all.added("x");
    all.started(run);
    all.handled(run, { outcome: "done", ms: 1 });
    all.returned("x");
    expect(told).toEqual(["added", "started", "handled", "returned"].flatMap((what) => [`a ${what}`, `b ${what}`]));
  });
});

describe("002-M03 to M05: what becomes of accounts", () => {
  const provisioning = (type: string) => ({
    ...account(type, [condition("WorkspaceReadySubroutine", "False")]),
    status: { phase: "Provisioning" as const },
  });
  const ready = (type: string) =>
    account(type, [condition("WorkspaceReadySubroutine", "True"), condition("Ready", "True")]);
  const observe = async (before: Account, after: Account, name = "workspace-ready") => {
    const metrics = createMetrics();
    recordAccounts(metrics)({ function: name, before, after, outcome: done() });
    return await series(metrics);
  };
  const measured = 'account_operator_workspace_ready_duration_seconds_sum{type="org"}';
  const orgs = "account_operator_org_provisioning_duration_seconds_sum";

  test("the first time an account is ready is measured, from its creation", async () => {
    expect(await observe(provisioning("org"), ready("org"))).toMatchObject({ [measured]: 5, [orgs]: 5 });
    const found = await observe(provisioning("account"), ready("account"));
    expect(found['account_operator_workspace_ready_duration_seconds_sum{type="account"}']).toBe(5);
    expect(found[orgs]).toBe(0);
  });

  test("and never again: not on a later pass, not after a repair", async () => {
    expect((await observe(ready("org"), ready("org")))[measured]).toBeUndefined();
    const updating = {
      ...ready("org"),
      status: { phase: "Updating" as const, conditions: [condition("Ready", "False")] },
    };
    expect((await observe(updating, ready("org")))[measured]).toBeUndefined();
  });

  test("002-M04 WorkspaceTypes created, updated, and found unchanged", async () => {
    const metrics = createMetrics();
    const object = (name: string) => ({ apiVersion: "v1", kind: "WorkspaceType", metadata: { name } });
    const write = async () => object("x") as never;
    const inner: Writer = { create: write, apply: write, mergePatch: write, delete: write };
    const writer = countingTypes(inner, metrics);
    await writer.create(kinds.WorkspaceType, "c", object("acme-org"));
    await writer.mergePatch(kinds.WorkspaceType, { cluster: "c", name: "acme-account" }, { spec: {} });
    await writer.create(kinds.Workspace, "c", object("acme-org"));
    const before = account("org", [condition("WorkspaceTypeSubroutine", "True")]);
    recordAccounts(metrics)({ function: "create-workspace", before, after: before, outcome: done() });
    const found = await series(metrics);
    const total = (operation: string, kind: string) =>
      found[`account_operator_workspacetype_operations_total{operation="${operation}",wst_kind="${kind}"}`];
    expect([
      total("created", "org"),
      total("updated", "account"),
      total("unchanged", "org"),
      total("unchanged", "account"),
    ]).toEqual([1, 1, 1, 1]);
  });
});

test("002-M01 to M11 are all there, by the names of the reference", async () => {
  const text = await createMetrics().registry.metrics();
  for (const name of names) expect(text).toContain(`# TYPE ${name} `);
});

const names = [
  ...["accounts_reconciled_total", "webhook_validations_total", "workspace_ready_duration_seconds"].map(
    (name) => `account_operator_${name}`,
  ),
  ...["workspacetype_operations_total", "org_provisioning_duration_seconds"].map((name) => `account_operator_${name}`),
  ...["duration_seconds", "errors_total", "requeue_seconds"].map((name) => `lifecycle_subroutine_${name}`),
  ...["depth", "adds_total", "queue_duration_seconds", "work_duration_seconds", "unfinished_work_seconds"].map(
    (name) => `workqueue_${name}`,
  ),
  ...["longest_running_processor_seconds", "retries_total"].map((name) => `workqueue_${name}`),
  ...["time_seconds", "total", "errors_total", "panics_total", "timeouts_total"].map(
    (name) => `controller_runtime_reconcile_${name}`,
  ),
  ...["terminal_reconcile_errors_total", "max_concurrent_reconciles", "active_workers"].map(
    (name) => `controller_runtime_${name}`,
  ),
  ...["requests_total", "latency_seconds", "requests_in_flight"].map((name) => `controller_runtime_webhook_${name}`),
  ...["rest_client_requests_total", "leader_election_master_status", "process_cpu_seconds_total"],
  ...["certwatcher_read_certificate_total", "certwatcher_read_certificate_errors_total", "nodejs_heap_size_used_bytes"],
];

describe("what alerts are made of", () => {
  const at = (time: string, ready: "True" | "False" | "never", more = {}) =>
    account("account", ready === "never" ? [] : [condition("Ready", ready, time)], more);
  const minute = 60_000;
  const now = Date.parse("2026-01-01T00:10:00Z");

  test.each([
    ["none there is", [], 0, 0],
    ["those that are Ready", [at("2026-01-01T00:00:05Z", "True")], 0, 0],
    ["one that was never looked at, since it was made", [at("", "never")], 1, 10 * minute],
    ["one that lost Ready, since then", [at("2026-01-01T00:08:00Z", "False")], 1, 2 * minute],
    ["one that goes", [at("", "never", { deletionTimestamp: "2026-01-01T00:01:00Z" })], 0, 0],
    ["the one for longest", [at("", "never"), at("2026-01-01T00:08:00Z", "False")], 2, 10 * minute],
  ])("counts Accounts that are not Ready, and for how long: %s", async (_, accounts, count, longest) => {
    const metrics = createMetrics();
    recordObjects(metrics, storeOf(accounts), () => now);
    const found = await series(metrics);
    expect(found.account_functions_accounts_not_ready).toBe(count);
    expect(found.account_functions_account_longest_not_ready_seconds).toBe(longest / 1000);
  });

  test("002-M11 tells until when a certificate is good, and how often one was not", async () => {
    const metrics = createMetrics();
    const onRead = recordCertificate(metrics, "admission");
    onRead(true, Date.parse("2026-02-01T00:00:00Z"));
    onRead(false);
    expect(await series(metrics)).toMatchObject({
      'account_functions_certificate_expiry_timestamp_seconds{server="admission"}': 1_769_904_000,
      certwatcher_read_certificate_total: 1,
      certwatcher_read_certificate_errors_total: 1,
    });
  });
});

/** What a source knows of Accounts alone. */
const storeOf = (accounts: readonly Account[]): Parameters<typeof recordObjects>[1] => ({
  *all(kind: string) {
    if (kind === "Account") yield* accounts as readonly never[];
  },
});

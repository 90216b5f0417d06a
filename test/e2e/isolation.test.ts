import { rename } from "node:fs/promises";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Archive } from "../../eventing/bus/archive.ts";
import { type Mesh, startMesh } from "./mesh.ts";
import { orgs } from "./person.ts";
import { functionOf, functionsOf, killAll, processesOf } from "./processes.ts";

// `pm run --isolation process`: functions that are there only while there is work, on one machine (issue 6, section 1).
const flags = ["--isolation=process", "--idle-timeout=2s"];
const minute = 60_000;
/** A process starts in a second, but for a machine that is busy with other things. */
const patience = 90_000;

let mesh: Mesh;
beforeAll(async () => {
  mesh = await startMesh();
  await mesh.product.start(...flags);
}, 600_000);
afterAll(() => mesh?.stop());
afterEach(() => {
  mesh.gate.afterWrite = undefined;
});

/** New at each try. */
let tries = 0;
const nameOf = (what: string) => `${what}${++tries}`;
let first: string;

async function has(workspace: string, name: string): Promise<void> {
  await mesh.person.apply(workspace, name);
  await mesh.person.ready(workspace, name, patience);
}
const untilNone = () => expect.poll(() => processesOf(mesh), { timeout: 4 * minute }).toEqual([]);

async function collected<T>(read: (archive: Archive) => AsyncIterable<T>): Promise<readonly T[]> {
  const archive = await mesh.bus.open();
  const items: T[] = [];
  for await (const item of read(archive)) items.push(item);
  await archive.close();
  return items;
}
const deadLetters = () => collected((archive) => archive.deadLetters());

test("accounts become Ready, with each function in a process of its own, started by its first event", async () => {
  const { product } = mesh;
  first = nameOf("apart");
  await has(orgs, first);
  await has(`${orgs}:${first}`, "dev");
  const rows = await functionsOf(mesh);
  const worked = rows.filter(({ invocations }) => invocations > 0);
  expect(worked.map(({ name }) => name)).toEqual(expect.arrayContaining(["create-workspace", "manage-accountinfo"]));
  for (const { coldStarts, pid } of worked) {
    expect(coldStarts?.lastMs).toBeGreaterThan(0);
    expect(pid).not.toBe(await product.pid);
  }
  // What has had no event has no process.
  expect(rows.find(({ name }) => name === "nudge-workspace")).toMatchObject({ state: "stopped", invocations: 0 });
});

test("what the functions do in their processes is recorded and measured where the events are", async () => {
  const { person, product } = mesh;
  const { metadata } = await person.account(orgs, first);
  const accountkey = `${metadata.annotations?.["kcp.io/cluster"]}/${first}`;
  // What a process tells may come a moment later than its answer.
  const soon = { timeout: 10_000 };
  const writers = async () => {
    const recordings = await collected((archive) => archive.invocations({ accountkey }));
    return recordings
      .filter(({ invocation }) => invocation.writes.length > 0)
      .map(({ invocation }) => invocation.function);
  };
  await expect.poll(writers, soon).toEqual(expect.arrayContaining(["create-workspace", "manage-accountinfo"]));
  for (const [metric, least] of [
    ["account_operator_workspace_ready_duration_seconds_count", 2],
    ["account_operator_workspacetype_operations_total", 2],
    ['rest_client_requests_total{code="201"', 4],
    ["account_functions_function_cold_start_seconds_count", 2],
  ] as const) {
    await expect.poll(() => product.metric(metric), soon).toBeGreaterThanOrEqual(least);
  }
});

test("with nothing to do no process is left, and the next account brings them back", {
  timeout: 8 * minute,
}, async () => {
  const { product } = mesh;
  await untilNone();
  expect((await functionsOf(mesh)).filter(({ state }) => state !== "stopped")).toEqual([]);
  expect(
    await product.metric('account_functions_function_processes{function="create-workspace",state="stopped"}'),
  ).toBe(1);
  expect(
    await product.metric('account_functions_function_process_ends_total{function="create-workspace",reason="idle"}'),
  ).toBeGreaterThan(0);
  const before = await functionOf(mesh, "create-workspace");
  await has(orgs, nameOf("back"));
  const after = await functionOf(mesh, "create-workspace");
  expect(after.coldStarts?.count).toBe((before.coldStarts?.count ?? 0) + 1);
  expect(await deadLetters()).toEqual([]);
});

test("an account becomes Ready though each of its writes costs the process that made it", {
  timeout: 8 * minute,
}, async () => {
  const { person, gate } = mesh;
  let kills = 0;
  gate.afterWrite = async () => {
    kills++;
    killAll(await processesOf(mesh));
  };
  const org = nameOf("killed");
  await person.apply(orgs, org);
  await person.ready(orgs, org, patience);
  gate.afterWrite = undefined;
  expect(kills).toBeGreaterThan(3);
  expect(await deadLetters()).toEqual([]);
  expect(await mesh.product.log()).toContain("function's process ended by itself; the next event starts it again");
});

test("SIGTERM lets the work under way finish, ends all processes, and the next run goes on", {
  timeout: 8 * minute,
}, async () => {
  const { person, product, gate } = mesh;
  const { promise: written, resolve } = Promise.withResolvers<void>();
  gate.afterWrite = async () => resolve();
  const org = nameOf("halfway");
  await person.apply(orgs, org);
  await written;
  expect(await product.stop()).toBe(0);
  expect(await processesOf(mesh)).toEqual([]);
  gate.afterWrite = undefined;
  await product.start(...flags);
  await person.ready(orgs, org, patience);
});

test("no process outlives a pm run that is killed hard, and nothing is lost", { timeout: 8 * minute }, async () => {
  const { person, product, gate } = mesh;
  const { promise: written, resolve } = Promise.withResolvers<void>();
  gate.afterWrite = async () => resolve();
  const org = nameOf("orphan");
  await person.apply(orgs, org);
  await written;
  expect(await processesOf(mesh)).not.toEqual([]);
  await product.kill();
  await untilNone();
  gate.afterWrite = undefined;
  await product.start(...flags);
  await person.ready(orgs, org, patience);
});

test("a process that cannot start says why, and what waited for it is done once it can", {
  timeout: 8 * minute,
}, async () => {
  const { person, product, operatorKubeconfig } = mesh;
  await untilNone();
  await rename(operatorKubeconfig, `${operatorKubeconfig}.away`);
  const org = nameOf("patient");
  await person.apply(orgs, org);
  const said = /"function":"create-workspace","code":2?1?,"signal":null,"lastWords":\[[^\]]*kubeconfig/;
  await expect.poll(() => product.log(), { timeout: minute }).toMatch(said);
  await rename(`${operatorKubeconfig}.away`, operatorKubeconfig);
  await person.ready(orgs, org, patience);
  expect(await deadLetters()).toEqual([]);
});

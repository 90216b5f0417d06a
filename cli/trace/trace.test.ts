import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Invocation, RecordedResult, RecordedWrite } from "../../eventing/recording/invocation.ts";
import { type CloudEvent, fact, resource } from "../../shared/event.ts";
import { kinds } from "../../shared/kcp/kinds.ts";
import { defaultSettings } from "../../shared/settings.ts";
import { writeExport } from "../../test/exported.ts";
import { runPm } from "../../test/run-pm.ts";
import type { Item } from "../export/format.ts";

const start = Date.parse("2026-01-01T00:00:00Z");
const time = (at: number) => new Date(start + at).toISOString();
const trace = "ab".repeat(16);

function seen(at: number, kind: string, version: number, more: Partial<CloudEvent> = {}): CloudEvent {
  return {
    ...{ specversion: "1.0", id: `acme-id.uid-of-${kind}.${version}`, source: "https://kcp.example/clusters/acme-id" },
    ...{ type: resource.update, kind, name: "dev", time: time(at), accountkey: "acme-id/dev" },
    ...{ kcpcluster: "acme-id", kcppath: "root:orgs:acme", traceparent: `00-${trace}-${"cd".repeat(8)}-01` },
    ...more,
  };
}

function handled(at: number, ms: number, event: CloudEvent, more: Partial<Invocation> = {}): Invocation {
  const { disabledSteps: _none, ...settings } = defaultSettings;
  return {
    ...{ function: "create-workspace", version: "1.2.3", event, attempt: 1, startedAt: time(at), ms },
    ...{ settings: { ...settings, disabledSteps: [] }, clock: [], objects: [], reads: [], writes: [] },
    result: { outcome: "done", events: [] },
    ...more,
  };
}

const workspace = (resourceVersion: string) => ({
  apiVersion: "tenancy.kcp.io/v1alpha1",
  kind: "Workspace",
  metadata: { name: "dev", uid: "uid-of-Workspace", resourceVersion, creationTimestamp: time(0) },
});
const creates: RecordedWrite = {
  verb: "create",
  resource: kinds.Workspace,
  target: { cluster: "acme-id", name: "dev" },
  turn: 0,
  at: 3,
  ms: 12,
};
const waits = (kind: string): RecordedResult => ({
  ...{ outcome: "waiting", reason: "Workspace not ready yet", events: [] },
  ref: { kind, cluster: "acme-id", name: "dev" },
});
const added = seen(0, "Account", 1, { type: resource.add });
const born = seen(40, "Workspace", 2, { type: resource.add, phase: "Scheduling" });
const ready = seen(500, "Workspace", 3, { phase: "Ready" });

const items: readonly Item[] = [
  ...[added, born, ready, seen(501, "LogicalCluster", 4), seen(502, "LogicalCluster", 5)].map(
    (event, index): Item => ({ kind: "event", stored: { sequence: index + 1, event } }),
  ),
  {
    kind: "event",
    stored: {
      sequence: 9,
      event: seen(3, "Account", 7, { name: "other", accountkey: "acme-id/other", traceparent: "none" }),
    },
  },
  ...[
    handled(2, 8, added, {
      result: { outcome: "error", error: { name: "UnreachableError", message: "kcp is away" } },
    }),
    handled(20, 15, added, {
      attempt: 2,
      objects: [workspace("2")],
      writes: [{ ...creates, answer: 0 }],
      result: { outcome: "done", events: [{ type: fact.workspaceCreated }] },
    }),
    handled(41, 2, born, { function: "manage-accountinfo", result: waits("Workspace") }),
    handled(42, 1, born, { function: "relay-lineage", result: { outcome: "drop", reason: "no cluster", events: [] } }),
    handled(501, 1, ready, {
      function: "workspace-ready",
      writes: [{ ...creates, error: { name: "ApiError", message: "no", code: 403, reason: "Forbidden" } }],
      result: { outcome: "requeue", ms: 500, reason: "kcp lags", events: [] },
    }),
  ].map((invocation, index): Item => ({ kind: "invocation", stored: { sequence: index + 1, invocation } })),
];

let folder: string;
const tracing = (...args: readonly string[]) => runPm(["trace", ...args, "--file", join(folder, "file")]);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "trace-"));
  await writeExport(join(folder, "file"), items);
});
afterAll(() => rm(folder, { recursive: true }));

const expected = `root:orgs:acme:dev  5 events and 5 invocations in 0.5s
from 2026-01-01T00:00:00.000Z, trace ${trace}; milliseconds since then:
      0  Account dev added
           create-workspace: 8 ms
               failed: kcp is away
           create-workspace, attempt 2: 15 ms
               creates Workspace dev in root:orgs:acme, 12 ms
               emits workspace-created
     40  Workspace dev added (Scheduling)  by create-workspace
           manage-accountinfo: 2 ms
               waits for Workspace dev in root:orgs:acme: Workspace not ready yet
         waited 457 ms for Workspace dev to be Ready
    500  Workspace dev updated (Ready)
           workspace-ready: 1 ms
               creates Workspace dev in root:orgs:acme, 12 ms: no
               looks again in 500 ms: kcp lags
    501  LogicalCluster dev updated  2 times
manage-accountinfo still waits for Workspace dev in root:orgs:acme, for 0.5s at the end: Workspace
  not ready yet
`;

test("the chain of one account is a timeline, with what it waited for", async () => {
  expect(await tracing("root:orgs:acme:dev")).toEqual({ code: 0, out: expected, err: "" });
});

test("idle functions are named, and repeated news are told one by one, when asked", async () => {
  const { out } = await tracing("root:orgs:acme:dev", "-v");
  expect(out).toContain("           nothing to do: relay-lineage\n");
  expect(out.match(/LogicalCluster dev updated\n/g)).toHaveLength(2);
});

test.each([[trace], [trace.slice(0, 8)], [added.id], ["dev", "-w", "root:orgs:acme"]])(
  "an account is found by %s too",
  async (...names) => {
    expect((await tracing(...names)).out).toBe(expected);
  },
);

test("scripts get the same as data", async () => {
  const { moments, waits: open } = JSON.parse((await tracing("root:orgs:acme:dev", "-o", "json")).out);
  expect(moments[1]).toMatchObject({ at: 40, by: "create-workspace", event: { id: born.id } });
  expect(moments[2]).toMatchObject({ at: 500, waited: 457, invocations: [{ function: "workspace-ready", at: 501 }] });
  expect(moments[0].invocations[1].writes).toEqual([expect.objectContaining({ verb: "create", ms: 12 })]);
  expect(open).toMatchObject([{ function: "manage-accountinfo", since: 43 }]);
});

test("a stretch of it", async () => {
  const { out } = await tracing("root:orgs:acme:dev", "--from", time(400));
  expect(out).toMatch(/^root:orgs:acme:dev {2}3 events and 1 invocation in /);
});

test("what nothing is kept of is said, and how to go on", async () => {
  expect(await tracing("root:orgs:acme:gone")).toMatchObject({
    code: 1,
    err: expect.stringContaining("nothing is kept of account root:orgs:acme:gone"),
  });
  expect(await tracing("root:elsewhere")).toMatchObject({ code: 2 });
  expect(await runPm(["trace", "root:orgs:acme"])).toMatchObject({
    code: 2,
    err: expect.stringContaining("no bus is named"),
  });
});

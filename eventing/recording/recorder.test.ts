import { expect, test } from "vitest";
import { functions, steps } from "../../functions/index.ts";
import { createMetrics } from "../../shared/metrics.ts";
import { defaultSettings } from "../../shared/settings.ts";
import { FakeKcp, orgsCluster } from "../../test/fake-kcp.ts";
import { recordingOf } from "../../test/recordings.ts";
import { Functions, forwarded, startOfTime } from "../../test/run-functions.ts";
import { decodeInvocation, type Invocation } from "./invocation.ts";
import { countLost, recordInvocations } from "./recorder.ts";

const event = forwarded("Account", `${orgsCluster}/acme`, { verb: "add" });

test("a recording tells what a function was told, read, wrote and answered, and when", async () => {
  const kcp = new FakeKcp();
  kcp.account("acme");
  const [fn] = functions;
  if (!fn) throw new Error("no function");
  const { reads, writes, objects, clock, settings, ...told } = await recordingOf(kcp, fn, event, { attempt: 2 });
  expect(told).toMatchObject({
    ...{ function: "create-workspace", version: "1.2.3", event, attempt: 2, startedAt: "2026-01-01T00:00:00.000Z" },
    result: { outcome: "waiting", ref: { kind: "WorkspaceType", name: "acme-org" }, events: [] },
  });
  expect(told.ms).toBeGreaterThanOrEqual(0);
  expect(settings).toEqual({ ...defaultSettings, disabledSteps: [] });
  expect(clock).toContainEqual({ turn: 3, now: startOfTime });
  expect(reads[0]).toMatchObject({
    verb: "get",
    kind: "Account",
    cluster: orgsCluster,
    name: "acme",
    turn: 0,
    answer: 0,
  });
  expect(reads).toContainEqual(expect.objectContaining({ kind: "WorkspaceType", name: "acme-org", turn: 1 }));
  expect(writes.map(({ verb, target, turn }) => [verb, target.name, turn])).toEqual([
    ["mergePatch", "acme", 0],
    ["create", "acme-org", 1],
    ["create", "acme-account", 2],
    ["mergePatch", "acme", 3],
  ]);
  expect(objects[0]).toMatchObject({ kind: "Account", metadata: { name: "acme" } });
});

test("the function gets what it would have got, and its error is thrown on", async () => {
  const kcp = new FakeKcp();
  kcp.account("acme");
  const recorded: Invocation[] = [];
  const records = { append: (invocation: Invocation) => recorded.push(invocation) };
  const invoke = recordInvocations({ backend: kcp, settings: defaultSettings, steps }, { records, version: "1" });
  const failure = new Error("broken");
  const failing = { name: "failing", on: [], handle: () => Promise.reject(failure) };
  await expect(invoke(failing, event, new Functions(kcp).ctx(1))).rejects.toBe(failure);
  expect(recorded).toMatchObject([{ function: "failing", result: { outcome: "error", error: { message: "broken" } } }]);
});

test("what is no recording is not read as one", () => {
  const decode = (value: unknown) => decodeInvocation(new TextEncoder().encode(JSON.stringify(value)));
  expect(() => decode({ function: "f" })).toThrow();
  expect(() => decode([])).toThrow();
});

test("lost recordings are counted for the metrics", async () => {
  const metrics = createMetrics();
  const records = { lost: 0 };
  countLost(metrics, records);
  const shown = () => metrics.registry.getSingleMetricAsString("account_functions_recordings_lost_total");
  expect(await shown()).toContain("account_functions_recordings_lost_total 0");
  records.lost = 3;
  expect(await shown()).toContain("account_functions_recordings_lost_total 3");
  expect(await shown()).toContain("account_functions_recordings_lost_total 3");
});

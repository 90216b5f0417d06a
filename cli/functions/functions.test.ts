import { afterEach, expect, test } from "vitest";
import type { Listening } from "../../eventing/http-server.ts";
import { serveMetrics } from "../../eventing/metrics-server.ts";
import type { FunctionRow } from "../../eventing/overview/row.ts";
import { createMetrics } from "../../shared/metrics.ts";
import { runPm } from "../../test/run-pm.ts";

const rows: readonly FunctionRow[] = [
  {
    name: "workspace-ready",
    on: [
      { type: "dev.knative.apiserver.resource.add", kind: "Workspace", phase: "Ready" },
      { type: "dev.knative.apiserver.resource.update", kind: "Workspace", phase: "Ready" },
      { type: "io.platform-mesh.account.info-ready" },
    ],
    state: "running",
    pid: 4711,
    invocations: 12,
    errors: 1,
    p95Ms: 33.4,
    coldStarts: { count: 3, lastMs: 412, medianMs: 398 },
    idleMs: 4_200,
    lag: 2,
    version: "0.1.0",
  },
  { name: "nudge-workspace", on: [], state: "in-process", invocations: 0, errors: 0, lag: 0, version: "0.1.0" },
];

const servers: Listening[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));

async function serve(functions: readonly FunctionRow[], secure = false): Promise<string> {
  const served = {
    address: { host: "127.0.0.1", port: 0 },
    secure,
    http2: true,
    functions: { rows: async () => functions },
  };
  const server = await serveMetrics(createMetrics().registry, served);
  servers.push(server);
  return `${secure ? "https" : "http"}://127.0.0.1:${server.port}`;
}

test("each function is a line: what it listens to, where it runs, how it does (operations.md, section 3)", async () => {
  const { out, code } = await runPm(["functions", "--url", await serve(rows)]);
  expect(code).toBe(0);
  const [head, ...lines] = out
    .trimEnd()
    .split("\n")
    .map((line) => line.split(/ {2,}/));
  expect(head).toEqual([
    "NAME",
    "LISTENS TO",
    "STATE",
    "EVENTS",
    "ERRORS/5M",
    "P95",
    "COLD STARTS",
    "IDLE",
    "LAG",
    "VERSION",
  ]);
  expect(lines).toEqual([
    [
      "workspace-ready",
      "Workspace, info-ready",
      "running 4711",
      "12",
      "1",
      "33ms",
      "3 (last 412ms, median 398ms)",
      "4.2s",
      "2",
      "0.1.0",
    ],
    ["nudge-workspace", "in-process", "0", "0", "-", "-", "-", "0", "0.1.0"],
  ]);
});

test("scripts get the same as JSON, YAML or names", async () => {
  const url = await serve(rows);
  expect(JSON.parse((await runPm(["functions", "--url", url, "-o", "json"])).out)).toEqual(rows);
  expect((await runPm(["functions", "--url", url, "-o", "yaml"])).out).toContain("pid: 4711");
  expect((await runPm(["functions", "--url", url, "-o", "name"])).out).toBe("workspace-ready\nnudge-workspace\n");
});

test("a pm run with --metrics-secure is asked too, and the environment may name it", async () => {
  const env = { PM_METRICS_URL: await serve(rows, true) };
  expect((await runPm(["functions", "-o", "name"], { env })).out).toContain("workspace-ready");
});

test("an instance that stands by says so", async () => {
  const { out, code } = await runPm(["functions", "--url", await serve([])]);
  expect({ out, code }).toEqual({ code: 0, out: "no functions: this pm run stands by, or has not started to work\n" });
});

test("where nobody answers, it says what to start and how to name it", async () => {
  const { code, err } = await runPm(["functions", "--url", "http://127.0.0.1:1"]);
  expect(code).toBe(3);
  expect(err).toContain("no pm run answers");
  expect(err).toContain("nothing listens there");
  expect(err).toContain("start pm run, and give its --metrics-bind-address as --url");
  expect(await runPm(["functions", "--url", "9090"])).toMatchObject({
    code: 2,
    err: expect.stringContaining("no URL"),
  });
});

test("--watch shows it again until it is stopped", async () => {
  const stop = new AbortController();
  let shown = "";
  const stdout = { write: (text: string) => (shown += text) };
  const watching = runPm(["functions", "--watch", "-o", "name", "--url", await serve(rows)], {
    signal: stop.signal,
    stdout,
  });
  await expect.poll(() => shown.split("nudge-workspace").length, { timeout: 15_000 }).toBeGreaterThan(2);
  stop.abort();
  expect(await watching).toMatchObject({ code: 0, err: "" });
});

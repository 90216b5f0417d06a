import { describe, expect, test } from "vitest";
import { runPm } from "../../test/run-pm.ts";
import { parseCommandLine } from "../parse.ts";
import command from "./command.ts";
import { serveConfig } from "./serve-config.ts";

type Env = Record<string, string>;
const configOf = (argv: readonly string[], env: Env = {}) =>
  serveConfig(parseCommandLine(command, argv, env).options as Parameters<typeof serveConfig>[0], "pm serve");

describe("what Knative and func set is taken from the environment", () => {
  test.each<[Env, object]>([
    [{}, { address: { port: 8080 }, sink: undefined, scheduler: undefined, metrics: { address: { port: 9090 } } }],
    [{ FUNC_PORT: "8081" }, { address: { port: 8081 } }],
    [{ FUNC_PORT: "8081", PORT: "8082" }, { address: { port: 8082 } }],
    [{ K_SINK: "http://broker/ns/default" }, { sink: "http://broker/ns/default" }],
    [{ SCHEDULER_URL: "http://source:8082" }, { scheduler: "http://source:8082" }],
    [{ METRICS_PORT: "9100" }, { metrics: { address: { port: 9100 } } }],
    [{ FGA_URL: "https://fga:8080" }, { fga: { url: "https://fga:8080" } }],
    [{ NATS_URL: "nats://nats:4222" }, { nats: { url: "nats://nats:4222", prefix: "account-functions" } }],
  ])("%j", (env, config) => {
    expect(configOf([], env)).toMatchObject(config);
  });

  test("a flag wins", () => {
    expect(configOf(["--port=1", "--sink=http://a"], { PORT: "2", K_SINK: "http://b" })).toMatchObject({
      address: { port: 1 },
      sink: "http://a",
    });
  });

  test("the metrics stay off where they are switched off", () => {
    expect(configOf(["--metrics-bind-address=0"], { METRICS_PORT: "9100" }).metrics.address).toBeUndefined();
    expect(configOf(["--metrics-bind-address=127.0.0.1:0", "--metrics-port=7"]).metrics.address).toEqual({
      host: "127.0.0.1",
      port: 7,
    });
  });
});

test("it has the flags of pm run about functions, and their meaning", () => {
  const config = configOf([
    "--webhooks-deny-list=admin",
    "--max-concurrent-reconciles=3",
    "--no-controllers-account-info-enabled",
    "--kcp-provider-workspace=root:mine",
    "--shutdown-timeout=3s",
  ]);
  expect(config).toMatchObject({
    settings: { deniedOrgNames: ["admin"] },
    concurrency: 3,
    disabledFunctions: new Set(["release-accountinfo"]),
    source: { endpointSlice: "core.platform-mesh.io", workspace: "root:mine" },
    shutdownTimeout: 3000,
  });
  expect(configOf([]).shutdownTimeout).toBe(10_000);
});

describe("what cannot be is refused with what to do", () => {
  test.each([
    [["--function=creat-workspace"], "did you mean create-workspace?"],
    [
      ["--function=release-accountinfo", "--no-controllers-account-info-enabled"],
      "release-accountinfo is switched off",
    ],
    [["--sink=broker"], '--sink: "broker" is no URL'],
    [["--scheduler-url=ftp://source"], '--scheduler-url: "ftp://source" is no URL'],
    [["--port=70000"], "--port: "],
    [["--tracing-enabled"], "--tracing-config-collector-endpoint: is needed"],
    [["--leader-elect"], "unknown flag --leader-elect"],
  ])("%j", async (argv, message) => {
    const { code, err } = await runPm(["serve", ...argv], { server: "http://127.0.0.1:9" });
    expect(code).toBe(2);
    expect(err).toContain(message);
  });

  test("a kubeconfig that cannot be read", async () => {
    const { code, err } = await runPm(["serve", "--kubeconfig=/none"]);
    expect(code).toBe(1);
    expect(err).toContain("reading kubeconfig /none");
  });
});

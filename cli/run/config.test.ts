import { describe, expect, test } from "vitest";
import { condition } from "../../shared/names.ts";
import { UsageError } from "../errors.ts";
import { parseCommandLine } from "../parse.ts";
import command from "./command.ts";
import { runConfig } from "./config.ts";
import { runFlags } from "./flags.ts";

type Env = Record<string, string>;
function configOf(argv: readonly string[], env: Env = {}) {
  return runConfig(parseCommandLine(command, argv, env).options as unknown as Parameters<typeof runConfig>[0]);
}
/** Follows `a.b` into an object. */
const at = (value: unknown, path: string): unknown =>
  path.split(".").reduce<unknown>((part, key) => Object.entries(part ?? {}).find(([name]) => name === key)?.[1], value);

const oneFlag: readonly (readonly [
  row: string,
  flag: string,
  path: string,
  initial: unknown,
  given: string,
  parsed: unknown,
])[] = [
  ["002-C04", "webhooks-deny-list", "settings.deniedOrgNames", [], " admin, www ,", ["admin", "www"]],
  ["002-C05", "webhooks-additional-account-types", "settings.additionalAccountTypes", [], "team,lab", ["team", "lab"]],
  [
    "002-C06",
    "subroutines-workspace-type-enabled",
    "settings.disabledSteps",
    new Set(),
    "false",
    new Set([condition.workspaceType]),
  ],
  [
    "002-C07",
    "subroutines-workspace-enabled",
    "settings.disabledSteps",
    new Set(),
    "false",
    new Set([condition.workspace]),
  ],
  [
    "002-C08",
    "subroutines-workspace-ready-enabled",
    "settings.disabledSteps",
    new Set(),
    "false",
    new Set([condition.workspaceReady]),
  ],
  [
    "002-C09",
    "subroutines-account-info-enabled",
    "settings.disabledSteps",
    new Set(),
    "false",
    new Set([condition.info]),
  ],
  [
    "002-C10",
    "controllers-account-info-enabled",
    "disabledFunctions",
    new Set(),
    "false",
    new Set(["release-accountinfo"]),
  ],
  ["002-C11", "kcp-api-export-endpoint-slice-name", "source.endpointSlice", "core.platform-mesh.io", "other", "other"],
  ["002-C12", "kcp-provider-workspace", "source.workspace", undefined, "root:elsewhere", "root:elsewhere"],
  ["002-C12", "kcp-provider-workspace", "source.workspace", undefined, "root", undefined],
  ["002-C13", "debug-label-value", "settings.debugLabelValue", "", "mine", "mine"],
  ["002-C14", "max-concurrent-reconciles", "concurrency", 10, "3", 3],
  ["002-C15", "environment", "attributes.environment", "", "staging", "staging"],
  ["002-C16", "region", "attributes.region", "local", "eu", "eu"],
  ["002-C17", "kubeconfig", "kubeconfig.file", undefined, "/etc/kubeconfig", "/etc/kubeconfig"],
  ["002-C18", "is-local", "attributes.isLocal", false, "true", true],
  ["002-C19", "image-name", "attributes.imageName", "", '"ghcr.io/x"', "ghcr.io/x"],
  ["002-C20", "image-tag", "attributes.imageTag", "", "v1", "v1"],
  ["002-C21", "log-level", "log.level", "info", "trace", "trace"],
  ["002-C22", "no-json", "log.json", true, "true", false],
  ["002-C23", "shutdown-timeout", "shutdownTimeout", 60_000, "1m30s", 90_000],
  ["002-C24", "metrics-bind-address", "metrics.address", { port: 9090 }, "127.0.0.1:1", { host: "127.0.0.1", port: 1 }],
  ["002-C24", "metrics-bind-address", "metrics.address", { port: 9090 }, "[::1]:1", { host: "::1", port: 1 }],
  ["002-C24", "metrics-bind-address", "metrics.address", { port: 9090 }, "0", undefined],
  ["002-C25", "metrics-secure", "metrics.secure", false, "true", true],
  ["002-C30", "enable-http2", "metrics.http2", true, "false", false],
  ["002-C31", "health-probe-bind-address", "health.address", { port: 8090 }, ":1", { port: 1 }],
  ["002-C32", "leader-elect", "leaderElect", false, "true", true],
  ["security", "base-domain", "security.settings.baseDomain", "localhost", "example.com", "example.com"],
  ["security", "issuer-ca", "security.issuerCaFile", undefined, "ca.crt", "ca.crt"],
  [
    "security",
    "idp-additional-redirect-urls",
    "security.settings.additionalRedirectUris",
    [],
    "https://a",
    ["https://a"],
  ],
  [
    "security",
    "idp-kubectl-client-redirect-urls",
    "security.settings.kubectlRedirectUris",
    ["http://localhost:8000", "http://localhost:18000"],
    "http://localhost:1",
    ["http://localhost:1"],
  ],
  ["security", "additional-audiences", "security.settings.additionalAudiences", [], "mesh", ["mesh"]],
  ["security", "username-claim", "security.settings.claims.username", "email", "sub", "sub"],
  ["security", "groups-claim", "security.settings.claims.groups", "groups", "roles", "roles"],
  ["security", "allow-member-tuples-enabled", "security.settings.allowMembers", false, "true", true],
  ["security", "hash-subjects", "security.settings.hashSubjects", false, "true", true],
  ["security", "initializer-workspace-enabled", "security.settings.parts.store", true, "false", false],
  ["security", "initializer-idp-enabled", "security.settings.parts.identity", true, "false", false],
  ["security", "initializer-invite-enabled", "security.settings.parts.invitation", true, "false", false],
  ["security", "initializer-workspace-auth-enabled", "security.settings.parts.authentication", true, "false", false],
  ["ours", "resync", "source.resync", 3_600_000, "10m", 600_000],
  [
    "ours",
    "nats-url",
    "bus",
    { kind: "memory" },
    "nats://n:1",
    { kind: "nats", url: "nats://n:1", prefix: "account-functions" },
  ],
  [
    "ours",
    "record-max-age",
    "recording",
    { maxAgeMs: 86_400_000, maxBytes: 64 * 1024 * 1024 },
    "1h",
    { maxAgeMs: 3_600_000, maxBytes: 64 * 1024 * 1024 },
  ],
  ["ours", "record-max-bytes", "recording.maxBytes", 64 * 1024 * 1024, "1Gi", 1024 * 1024 * 1024],
  ["ours", "record-file", "bus", { kind: "memory" }, "r.jsonl", { kind: "memory", recordFile: "r.jsonl" }],
  ["ours", "bus-socket", "bus", { kind: "memory" }, "/run/pm.sock", { kind: "memory", socket: "/run/pm.sock" }],
  ["ours", "timeout", "requestTimeout", 30_000, "5s", 5_000],
];

describe("each flag: default, parsed", () => {
  test.each(oneFlag)("%s --%s", (_row, flag, path, initial, given, parsed) => {
    expect(at(configOf([]), path)).toEqual(initial);
    expect(at(configOf([`--${flag}=${given}`]), path)).toEqual(parsed);
    if (given !== "true" && given !== "false") expect(at(configOf([`--${flag}`, given]), path)).toEqual(parsed);
  });

  test("002-C01 to C03: webhooks are off, and served as they are told", () => {
    expect(configOf(["--webhooks-cert-dir=/certs", "--webhooks-port=1"]).webhooks).toBeUndefined();
    expect(configOf(["--webhooks-enabled"]).webhooks).toEqual({
      address: { port: 9443 },
      certDir: "certs",
      creatorAdminGroup: undefined,
      limits: { depth: undefined, children: undefined },
    });
    const told = ["--webhooks-cert-dir=/certs", "--webhooks-port=1", "--creator-admin-group=support"];
    const limits = ["--max-account-depth=3", "--max-child-accounts=20"];
    expect(configOf(["--webhooks-enabled", ...told, ...limits]).webhooks).toEqual({
      address: { port: 1 },
      certDir: "/certs",
      creatorAdminGroup: "support",
      limits: { depth: 3, children: 20 },
    });
    expect(() => configOf(["--webhooks-port=0"])).toThrow("--webhooks-port");
  });

  test("002-C05 the list is repeatable and comma-separated", () => {
    const { settings } = configOf([
      "--webhooks-additional-account-types=a,b",
      "--webhooks-additional-account-types",
      "c",
    ]);
    expect(settings.additionalAccountTypes).toEqual(["a", "b", "c"]);
  });

  test("002-C26 to C29: tracing is off, and goes where it is told", () => {
    expect(configOf([]).tracing).toBeUndefined();
    const to = "--tracing-config-collector-endpoint=otel:4317";
    expect(configOf([to]).tracing).toBeUndefined();
    expect(() => configOf(["--tracing-enabled"])).toThrow("--tracing-config-collector-endpoint: is needed");
    expect(configOf(["--tracing-enabled", to, "--image-tag=v2"]).tracing).toEqual({
      serviceName: "account-functions",
      serviceVersion: "v2",
      collectorEndpoint: "otel:4317",
    });
    const named = ["--tracing-config-service-name=s", "--tracing-config-service-version=v"];
    expect(configOf(["--tracing-enabled", to, ...named]).tracing).toMatchObject({
      serviceName: "s",
      serviceVersion: "v",
    });
  });

  test("every flag has its row here", () => {
    const covered = new Set(oneFlag.map(([, flag]) => flag));
    const elsewhere = Object.keys(runFlags).filter((flag) => !covered.has(flag));
    expect(elsewhere).toEqual([
      "webhooks-enabled",
      "webhooks-cert-dir",
      "webhooks-port",
      "creator-admin-group",
      "max-account-depth",
      "max-child-accounts",
      "authorization-webhook-enabled",
      "authorization-webhook-cert-dir",
      "authorization-webhook-port",
      "fga-url",
      "fga-token-file",
      "fga-ca",
      "idp-config",
      "tracing-enabled",
      "tracing-config-service-name",
      "tracing-config-service-version",
      "tracing-config-collector-endpoint",
      "isolation",
      "idle-timeout",
      "bus",
      "nats-prefix",
      "record",
    ]);
  });
});

describe("authorization", () => {
  const fga = ["--fga-url=https://openfga:8080", "--fga-token-file=t", "--fga-ca=c"];

  test("OpenFGA is where the flags or the environment say, and nowhere without", () => {
    expect(configOf([]).fga).toBeUndefined();
    expect(configOf(fga).fga).toEqual({ url: "https://openfga:8080", tokenFile: "t", caFile: "c" });
    expect(configOf([], { FGA_URL: "http://e:1", FGA_CA: "c" }).fga).toEqual({ url: "http://e:1", caFile: "c" });
    expect(() => configOf(["--fga-url=openfga:8080"])).toThrow('--fga-url: "openfga:8080" is no URL');
    expect(() => configOf(["--fga-token-file=t"])).toThrow("--fga-token-file: is for --fga-url");
  });

  test("the webhook is off, and is served as it is told", () => {
    expect(configOf(fga).authorization).toBeUndefined();
    const on = [...fga, "--authorization-webhook-enabled"];
    expect(configOf(on).authorization).toEqual({ address: { port: 9444 }, certDir: "authorization-certs" });
    const told = ["--authorization-webhook-port=1", "--authorization-webhook-cert-dir=/certs"];
    expect(configOf([...on, ...told]).authorization).toEqual({ address: { port: 1 }, certDir: "/certs" });
    expect(() => configOf(["--authorization-webhook-enabled"])).toThrow("--fga-url: is needed");
    expect(() => configOf([...on, "--authorization-webhook-port=0"])).toThrow("--authorization-webhook-port: ");
  });
});

describe("the bus", () => {
  test("is NATS where a server is named, in the environment too, unless told otherwise", () => {
    expect(configOf([], { NATS_URL: "nats://e:1" }).bus).toMatchObject({ kind: "nats", url: "nats://e:1" });
    expect(configOf(["--bus=memory"], { NATS_URL: "nats://e:1" }).bus).toEqual({ kind: "memory" });
    expect(configOf(["--nats-url=nats://n:1", "--nats-prefix=a.b"]).bus).toMatchObject({ prefix: "a.b" });
  });

  test("recordings are kept by default, more of them on NATS, and by nobody when switched off", () => {
    expect(configOf(["--nats-url=nats://n:1"]).recording?.maxBytes).toBe(256 * 1024 * 1024);
    expect(configOf(["--no-record"]).recording).toBeUndefined();
    expect(configOf(["--record=false"]).recording).toBeUndefined();
    expect(() => configOf(["--record-max-bytes=1KB"])).toThrow('--record-max-bytes: "1KB" is not an amount');
  });

  test("a socket and a file are for the memory bus", () => {
    const nats = "--nats-url=nats://n:1";
    expect(() => configOf([nats, "--bus-socket=s"])).toThrow("--bus-socket: is for --bus=memory");
    expect(() => configOf([nats, "--record-file=f"])).toThrow("--record-file: is for --bus=memory");
    expect(configOf([nats, "--bus=memory", "--bus-socket=s"]).bus).toEqual({ kind: "memory", socket: "s" });
  });

  test("NATS needs a server", () => {
    expect(() => configOf(["--bus=nats"])).toThrow("--nats-url: is needed with --bus=nats");
  });
});

test.each([
  ["--metrics-bind-address=9090", "no address"],
  ["--health-probe-bind-address=:99999", "no address"],
  ["--max-concurrent-reconciles=0", "at least 1"],
  ["--resync=1ms", "at least 1s"],
  ["--nats-prefix=a b", "not a NATS subject"],
  ["--kcp-provider-workspace=Root:x", "not a workspace path"],
  ["--kcp-api-export-endpoint-slice-name=", "a name is needed"],
])("%s is refused and named", (flag, message) => {
  expect(() => configOf([flag])).toThrow(UsageError);
  expect(() => configOf([flag])).toThrow(`${flag.split("=")[0]}: `);
  expect(() => configOf([flag])).toThrow(message);
});

import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { UsageError } from "../errors.ts";
import { parseCommandLine } from "../parse.ts";
import command from "./command.ts";
import { sourceConfig } from "./config.ts";

type Env = Record<string, string>;
const configOf = (argv: readonly string[], env: Env = {}) =>
  sourceConfig(parseCommandLine(command, argv, env).options as unknown as Parameters<typeof sourceConfig>[0]);
const knative = ["--sink=http://broker/ns/b", "--state-dir=/state"];
const template = "--function-url-template=http://{function}.ns.svc.cluster.local";

describe("pm source", () => {
  test("publishes to a Broker with its state in a folder", () => {
    expect(configOf([...knative, template])).toMatchObject({
      sink: { kind: "knative", url: "http://broker/ns/b", mode: "binary", extensions: {}, parallel: 32 },
      state: { kind: "file", folder: "/state" },
      scheduler: {
        address: { port: 8082 },
        urlTemplate: "http://{function}.ns.svc.cluster.local",
        bounds: { count: 10_000 },
        timeout: 60_000,
      },
      source: { endpointSlice: "core.platform-mesh.io", resync: 3_600_000 },
      leaderElect: false,
    });
  });

  test("takes what a SinkBinding sets", () => {
    const ca = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----";
    const env = { K_SINK: "https://broker/ns/b", K_CE_OVERRIDES: `{"extensions":{"env":"prod"}}`, K_CA_CERTS: ca };
    expect(configOf(["--state-dir=/state"], env).sink).toMatchObject({
      url: "https://broker/ns/b",
      extensions: { env: "prod" },
      ca,
    });
  });

  test("reads the certificates of the sink from a file", async () => {
    const file = join(tmpdir(), `sink-ca-${process.pid}.crt`);
    await writeFile(file, "certificates");
    expect(configOf([...knative, `--sink-ca=${file}`]).sink).toMatchObject({ ca: "certificates" });
  });

  test("publishes into the stream of a NatsJetStreamBroker, with its state on the same NATS", () => {
    const argv = ["--bus=nats", "--nats-url=nats://n", "--nats-prefix=ns.b._knative_broker", "--leader-elect"];
    expect(configOf(argv)).toMatchObject({
      sink: { kind: "nats" },
      state: { kind: "nats", url: "nats://n", prefix: "ns.b._knative_broker" },
      leaderElect: true,
    });
  });

  test("keeps no timers without a URL of the functions, nor without an address", () => {
    expect(configOf(knative).scheduler).toBeUndefined();
    expect(configOf([...knative, template, "--scheduler-bind-address=0"]).scheduler).toBeUndefined();
  });

  test.each<[readonly string[], string]>([
    [[], "--sink: is needed with --bus=knative"],
    [["--sink=http://x"], "--state-dir: is needed without --nats-url"],
    [["--bus=nats", "--state-dir=/x"], "--nats-url: is needed with --bus=nats"],
    [["--bus=memory"], `--bus: "memory" is not one of knative, nats`],
    [["--sink=broker", "--state-dir=/x"], `--sink: "broker" is no URL`],
    [[...knative, "--function-url-template=http://x"], "{function} must stand for the name of the function"],
    [[...knative, "--sink-overrides=x"], "--sink-overrides (K_CE_OVERRIDES)"],
    [[...knative, `--sink-overrides={"extensions":{"A-b":"x"}}`], "lower-case letters and digits"],
    [[...knative, "--sink-ca=/nowhere"], "--sink-ca: "],
    [[...knative, "--sink-parallel=0"], "--sink-parallel: at least 1"],
    [[...knative, "--nats-prefix=a b"], "--nats-prefix: not a NATS subject"],
    [[...knative, "--dead-letter-sink=x"], `--dead-letter-sink: "x" is no URL`],
  ])("%j is refused in words", (argv, message) => {
    expect(() => configOf(argv)).toThrow(UsageError);
    expect(() => configOf(argv)).toThrow(message);
  });
});

import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { program } from "../home.ts";
import { parseCommandLine } from "../parse.ts";
import serveCommand from "../serve/command.ts";
import { serveConfig } from "../serve/serve-config.ts";
import runCommand from "./command.ts";
import { runConfig } from "./config.ts";
import { functionProgram } from "./function-program.ts";

type RunFlags = Parameters<typeof runConfig>[0];
type ServeFlags = Parameters<typeof serveConfig>[0];

/** What a function's process makes of the flags of pm run. */
function passed(argv: readonly string[], env: Record<string, string> = {}) {
  // What was parsed for a command has the types of its flags.
  const flags = parseCommandLine(runCommand, argv, env).options as RunFlags;
  const { file, argsFor, env: given } = functionProgram(flags, env);
  const args = argsFor("nudge-workspace");
  const start = args.indexOf(fileURLToPath(program));
  const { options } = parseCommandLine(serveCommand, args.slice(start + 2), given);
  return { file, args, given, run: runConfig(flags), options, serve: serveConfig(options as ServeFlags, "pm serve") };
}

test("a function's process is this program, as the server of that function", () => {
  const { file, args, options } = passed([]);
  expect(file).toBe(process.execPath);
  expect(args).toContain("serve");
  expect(options.function).toEqual(["nudge-workspace"]);
});

test("the functions are told the same as in pm run, also what came from the environment", () => {
  const argv = [
    ...["--kubeconfig=operator.kubeconfig", "--context=other", "--timeout=1m30s"],
    ...[
      "--webhooks-additional-account-types=a,b",
      "--webhooks-additional-account-types=c",
      "--webhooks-deny-list=www,admin",
    ],
    ...["--no-subroutines-workspace-enabled", "--debug-label-value=mine", "--no-controllers-account-info-enabled"],
    ...["--base-domain=example.com", "--additional-audiences=x", "--hash-subjects", "--max-concurrent-reconciles=3"],
    ...["--kcp-provider-workspace=root:x", "--kcp-api-export-endpoint-slice-name=y", "--log-level=debug"],
  ];
  const { run, serve } = passed(argv, { FGA_URL: "https://openfga:8080", FGA_CA: "ca.crt" });
  const { kubeconfig, requestTimeout, fga, settings, security, disabledFunctions, concurrency } = run;
  expect(serve).toMatchObject({ kubeconfig, requestTimeout, fga, settings, security, disabledFunctions, concurrency });
  expect(serve.source).toEqual({ endpointSlice: "y", workspace: "root:x" });
  expect(serve.log).toEqual({ level: "debug", json: true });
  expect(fga).toEqual({ url: "https://openfga:8080", caFile: "ca.crt" });
});

test("servers, bus and traces stay with pm run; whether to record is passed on", () => {
  const argv = ["--metrics-bind-address=:1", "--nats-url=nats://x", "--tracing-enabled", "--image-tag=v1"];
  const { serve } = passed([...argv, "--tracing-config-collector-endpoint=otel:4317"]);
  expect(serve).toMatchObject({ nats: undefined, tracing: undefined, recording: { maxBytes: expect.any(Number) } });
  expect(serve.metrics.address).toBeUndefined();
  expect(passed(["--no-record"]).serve.recording).toBeUndefined();
});

test("of the environment only what a process needs to be found, to trust and to start fast is passed on", () => {
  const env = {
    PATH: "/bin",
    KUBECONFIG: "k",
    NODE_EXTRA_CA_CERTS: "ca.crt",
    AWS_SECRET_ACCESS_KEY: "s",
    NATS_URL: "nats://u:p@x",
  };
  expect(passed([], env).given).toEqual({ PATH: "/bin", KUBECONFIG: "k", NODE_EXTRA_CA_CERTS: "ca.crt" });
});

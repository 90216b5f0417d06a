import { expect, test } from "vitest";
import { runPm } from "../../test/run-pm.ts";
import { parseCommandLine } from "../parse.ts";
import { admitConfig } from "./admission-flags.ts";
import command from "./command.ts";

const configOf = (argv: readonly string[]) =>
  admitConfig(parseCommandLine(command, argv, {}).options as Parameters<typeof admitConfig>[0], "pm admission");

test("decisions 40: validate-account is served alone, unless it is told otherwise", () => {
  const config = configOf(["--webhooks-deny-list=admin", "--max-child-accounts=7"]);
  expect(config.webhooks).toMatchObject({ address: { port: 9443 }, certDir: "certs", limits: { children: 7 } });
  expect(config.authorization).toBeUndefined();
  expect(config.settings.deniedOrgNames).toEqual(["admin"]);
});

test("decisions 40: the authorization webhook beside it, or alone", () => {
  const authorizing = ["--authorization-webhook-enabled", "--fga-url=https://fga:8080"];
  expect(configOf(authorizing)).toMatchObject({
    webhooks: { certDir: "certs" },
    authorization: { address: { port: 9444 } },
    fga: { url: "https://fga:8080" },
  });
  expect(configOf(["--no-webhooks-enabled", ...authorizing]).webhooks).toBeUndefined();
});

test.each([
  [["--no-webhooks-enabled"], "nothing is left to be served"],
  [["--authorization-webhook-enabled"], "--fga-url: is needed with --authorization-webhook-enabled"],
  [["--webhooks-port=0"], "--webhooks-port: "],
])("%j is refused: %s", async (argv, message) => {
  const { code, err } = await runPm(["admission", ...argv], { server: "http://127.0.0.1:9" });
  expect(code).toBe(2);
  expect(err).toContain(message);
});

test("it does not start without a certificate, and says where one goes", async () => {
  const quiet = ["--metrics-bind-address=0", "--health-probe-bind-address=0"];
  const { code, err } = await runPm(["admission", "--webhooks-cert-dir=/none", ...quiet], {
    server: "http://127.0.0.1:9",
  });
  expect(code).toBe(1);
  expect(err).toContain("put tls.crt and tls.key into /none");
});

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadKubeconfig } from "../shared/kcp/kubeconfig.ts";
import { selfSigned } from "../shared/self-signed.ts";
import { runPm } from "../test/run-pm.ts";

let folder: string;
let ca: string;
const { cert } = selfSigned("webhook");
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "authorization-config-"));
  ca = join(folder, "ca.crt");
  await writeFile(ca, cert);
});
afterAll(() => rm(folder, { recursive: true }));

test.each([
  ["https://webhook:9444", "https://webhook:9444/authz"],
  ["https://webhook:9444/", "https://webhook:9444/authz"],
  ["https://gateway/authorization", "https://gateway/authorization"],
])("%s is asked at %s, with the certificates in the file itself", async (url, server) => {
  const { code, out } = await runPm(["authorization-config", `--url=${url}`, `--ca=${ca}`]);
  expect(code).toBe(0);
  const file = join(folder, "kubeconfig");
  await writeFile(file, out);
  const config = await loadKubeconfig({ file });
  expect(config.server).toBe(server);
  expect(config.serverCa()).toBe(cert);
});

test.each<[string, readonly string[], string]>([
  ["no address", ["--ca=ca.crt"], "--url and --ca are needed"],
  ["http, which kcp does not take", ["--url=http://webhook", "--ca=ca.crt"], "is no https URL"],
  ["no file", ["--url=https://webhook", "--ca=none.crt"], "cannot read none.crt"],
  ["a file that holds no certificate", ["--url=https://webhook", "--ca=package.json"], "holds no certificate"],
])("refuses %s", async (_, argv, text) => {
  const { code, err } = await runPm(["authorization-config", ...argv]);
  expect(err).toContain(text);
  expect(code).toBe(2);
});

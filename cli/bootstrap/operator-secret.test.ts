import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { selfSigned } from "../../shared/self-signed.ts";
import { runPm } from "../../test/run-pm.ts";
import { scriptedServer, sendJson } from "../../test/scripted-server.ts";
import { openOperatorSecret } from "./operator-secret.ts";

const call = { signal: new AbortController().signal };
const pair = selfSigned("localhost");

/** What kubelet mounts. */
async function mounted(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "pod-"));
  await writeFile(join(folder, "token"), "t0ken\n");
  await writeFile(join(folder, "ca.crt"), pair.cert);
  await writeFile(join(folder, "namespace"), "accounts");
  return folder;
}
const envOf = (url: string) => ({
  KUBERNETES_SERVICE_HOST: "localhost",
  KUBERNETES_SERVICE_PORT: new URL(url).port,
});

test.each([
  ["account-operator-kubeconfig", "accounts"],
  ["elsewhere/account-operator-kubeconfig", "elsewhere"],
])("operations 1.9 the functions' kubeconfig goes into Secret %s", async (name, namespace) => {
  await using server = await scriptedServer((_, response) => sendJson(response, 200, {}), pair);
  const secret = await openOperatorSecret(name, { env: envOf(server.url), folder: await mounted() });
  expect(secret.title).toBe(`${namespace}/account-operator-kubeconfig`);
  await secret.write("apiVersion: v1", call);
  const [seen] = server.seen;
  expect(seen?.method).toBe("PATCH");
  expect(seen?.url.pathname).toBe(`/api/v1/namespaces/${namespace}/secrets/account-operator-kubeconfig`);
  expect(seen?.headers.authorization).toBe("Bearer t0ken");
  expect(JSON.parse(seen?.body ?? "")).toMatchObject({ data: { kubeconfig: btoa("apiVersion: v1") } });
});

test("a ServiceAccount without the right is named with what it tried", async () => {
  const refusal = { kind: "Status", code: 403, reason: "Forbidden", message: "secrets is forbidden" };
  await using server = await scriptedServer((_, response) => sendJson(response, 403, refusal), pair);
  const secret = await openOperatorSecret("mine", { env: envOf(server.url), folder: await mounted() });
  await expect(secret.write("", call)).rejects.toThrow(
    /applying Secret accounts\/mine in the cluster of this pod.*forbidden/s,
  );
});

test("outside a pod the command line is refused before kcp is asked", async () => {
  const { code, err } = await runPm(["bootstrap", "--operator-secret=mine"], { server: "http://127.0.0.1:1" });
  expect(code).toBe(2);
  expect(err).toContain("--operator-secret: this is no pod");
  expect(err).toContain("next:");
});

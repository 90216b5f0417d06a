import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadKubeconfig } from "./kubeconfig.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kubeconfig-"));
});
afterEach(() => rm(folder, { recursive: true }));

const base64 = (text: string) => Buffer.from(text).toString("base64");

async function write(name: string, content: object): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, JSON.stringify(content));
  return file;
}
const kubeconfig = (cluster: object, user: object = {}) => ({
  "current-context": "main",
  contexts: [{ name: "main", context: { cluster: "kcp", user: "me" } }],
  clusters: [{ name: "kcp", cluster: { server: "https://kcp.example:6443", ...cluster } }],
  users: [{ name: "me", user }],
});

describe("the server", () => {
  test.each([
    ["https://kcp.example:6443", "https://kcp.example:6443", undefined],
    ["https://kcp.example:6443/", "https://kcp.example:6443", undefined],
    ["https://kcp.example/clusters/root:orgs", "https://kcp.example", "root:orgs"],
    ["https://front.example/kcp/clusters/2x1/", "https://front.example/kcp", "2x1"],
  ])("%s is %s with workspace %s", async (server, base, workspace) => {
    const config = await loadKubeconfig({ file: await write("config", kubeconfig({ server })) });
    expect([config.server, config.workspace, config.context]).toEqual([base, workspace, "main"]);
  });
});

describe("002-F58 the CA", () => {
  test("is taken from data", async () => {
    const content = kubeconfig({ "certificate-authority-data": base64("PEM") });
    expect((await loadKubeconfig({ file: await write("config", content) })).serverCa()).toBe("PEM");
  });
  test("is read from its file, named relative to the kubeconfig", async () => {
    await writeFile(join(folder, "ca.crt"), "PEM of file");
    const content = kubeconfig({ "certificate-authority": "ca.crt" });
    expect((await loadKubeconfig({ file: await write("config", content) })).serverCa()).toBe("PEM of file");
  });
  test("is empty when there is none", async () => {
    expect((await loadKubeconfig({ file: await write("config", kubeconfig({})) })).serverCa()).toBe("");
  });
});

describe("the identity", () => {
  test("is a client certificate", async () => {
    await writeFile(join(folder, "client.key"), "KEY");
    const user = { "client-certificate-data": base64("CERT"), "client-key": "client.key" };
    const { tls } = await loadKubeconfig({ file: await write("config", kubeconfig({}, user)) });
    expect(tls).toEqual({ cert: "CERT", key: "KEY" });
  });
  test.each([
    [{ token: "abc" }, "Bearer abc"],
    [{ username: "me", password: "pw" }, `Basic ${base64("me:pw")}`],
    [
      {
        exec: {
          apiVersion: "client.authentication.k8s.io/v1",
          command: process.execPath,
          args: ["-e", "console.log(JSON.stringify({ status: { token: 'from-plugin' } }))"],
        },
      },
      "Bearer from-plugin",
    ],
  ])("is %j", async (user, authorization) => {
    const config = await loadKubeconfig({ file: await write("config", kubeconfig({}, user)) });
    const headers = Object.entries(await config.headers()).map(([name, value]) => [name.toLowerCase(), value]);
    expect(Object.fromEntries(headers)).toEqual({ authorization });
  });
  test("can be another user's", async () => {
    const file = await write("config", kubeconfig({}, { token: "abc", as: "alice" }));
    expect(await (await loadKubeconfig({ file })).headers()).toMatchObject({ "impersonate-user": "alice" });
  });
});

test("TLS options of the cluster are kept", async () => {
  const content = kubeconfig({ "insecure-skip-tls-verify": true, "tls-server-name": "kcp.internal" });
  const { tls } = await loadKubeconfig({ file: await write("config", content) });
  expect(tls).toEqual({ rejectUnauthorized: false, servername: "kcp.internal" });
});

test("KUBECONFIG may name several files, of which the first decides", async () => {
  const first = await write("first", { ...kubeconfig({}), users: [] });
  const second = await write("second", kubeconfig({ server: "https://other.example" }, { token: "abc" }));
  const config = await loadKubeconfig({ env: { KUBECONFIG: `${first}:${second}` } });
  expect(config.server).toBe("https://kcp.example:6443");
  expect(await config.headers()).toEqual({ authorization: "Bearer abc" });
});

test("without KUBECONFIG it is ~/.kube/config", async () => {
  await expect(loadKubeconfig({ env: { HOME: folder } })).rejects.toThrow(
    `reading kubeconfig ${folder}/.kube/config: no such file or not readable`,
  );
});

test.each([
  ["an unknown context", kubeconfig({}), 'has no context "other" (it has: main)'],
  ["a cluster that is missing", { ...kubeconfig({}), clusters: [] }, 'has no context "other"'],
])("%s is named", async (_name, content, message) => {
  const file = await write("config", content);
  await expect(loadKubeconfig({ file, context: "other" })).rejects.toThrow(message);
});

test("no current context and no YAML are named", async () => {
  const { "current-context": _, ...content } = kubeconfig({});
  await expect(loadKubeconfig({ file: await write("config", content) })).rejects.toThrow("names no current context");
  const file = join(folder, "broken");
  await writeFile(file, "a: [");
  await expect(loadKubeconfig({ file })).rejects.toThrow(`parsing kubeconfig ${file}: `);
});

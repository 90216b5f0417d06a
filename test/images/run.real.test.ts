import { randomUUID } from "node:crypto";
import { chmod, copyFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePorts } from "../../tools/ports.ts";
import { startEmbedded, type TestKcp } from "../servers.ts";
import { type Built, builtImages, imageNamed } from "./built.ts";
import { type Container, type Finished, startContainer } from "./container.ts";

let built: Built;
let container: Container;
let kcp: TestKcp;
beforeAll(async () => {
  built = await builtImages();
  container = await startContainer(imageNamed(built, "account-functions"));
  kcp = await startEmbedded({ latencyMs: 0 });
  await share("admin.kubeconfig", kcp.adminKubeconfig);
  await share("token", kcp.operatorTokenFile);
  // A machine that is busy with other things is no failure.
}, 600_000);
afterAll(async () => {
  await container[Symbol.asyncDispose]();
  await kcp.stop();
});

/** These files are their owner's alone, and the image's user is somebody else. */
const share = async (name: string, file: string) => {
  await copyFile(file, join(container.shared, name));
  await chmod(join(container.shared, name), 0o444);
};
const inside = (name: string) => `/run/shared/${name}`;

describe("the image of everything, run as its user on a read-only root", () => {
  test("is not root, and can write nothing that is in it", async () => {
    const { out, err } = await container.evaluate(`
      import { accessSync, constants, readdirSync, statSync, writeFileSync } from "node:fs";
      const refused = (path) => { try { writeFileSync(path, ""); return "written"; } catch (error) { return error.code; } };
      console.log(JSON.stringify({ uid: process.getuid(), gid: process.getgid(), cwd: process.cwd(),
        writes: ["/app/x", "/x", "/tmp/x", "/app/main.js"].map(refused) }));`);
    expect(err).toBe("");
    const { writes, ...who } = JSON.parse(out);
    expect(who).toEqual({ uid: 65_532, gid: 65_532, cwd: "/app" });
    expect(writes).not.toContain("written");
  });

  test("says its version with the Node.js of the lock", async () => {
    const { version } = JSON.parse(await readFile("package.json", "utf8"));
    const { code, out } = await container.run(["version"]);
    expect({ code, out }).toEqual({ code: 0, out: `pm ${version} (node ${process.version}, linux/x64)\n` });
  });

  test("trusts public authorities besides those of Node.js", async () => {
    const { out } = await container.evaluate(`
      import tls from "node:tls";
      const trusted = new Set(tls.getCACertificates("default"));
      const system = tls.getCACertificates("system");
      console.log(system.length > 100, system.every((each) => trusted.has(each)));`);
    expect(out).toBe("true true\n");
  });

  test("sets a kcp up with the manifests that it brings, and serves functions on it", async () => {
    const admin = ["--kubeconfig", inside("admin.kubeconfig")];
    const operator = ["--operator-kubeconfig", inside("operator.kubeconfig"), "--operator-token-file", inside("token")];
    const set = await container.run(["bootstrap", ...admin, ...operator]);
    expect(set, set.err).toMatchObject({ code: 0 });

    await using serving = await serve(container, ["serve"]);
    expect((await fetch(`${serving.url}/health/liveness`)).status).toBe(200);
    expect(await (await fetch(serving.metrics)).text()).toContain("process_resident_memory_bytes");
    expect(await serving.stop()).toMatchObject({ code: 0 });
  });

  test("finds the OpenTelemetry packages when tracing is asked for", async () => {
    const { out, err } = await container.evaluate(`
      const names = ["sdk-trace", "exporter-trace-otlp-grpc", "resources"];
      const modules = await Promise.all(names.map((name) => import("/app/node_modules/@opentelemetry/" + name + "/index.mjs")));
      const exporter = new modules[1].OTLPTraceExporter({ url: "http://127.0.0.1:1" });
      console.log(modules.map((each) => Object.keys(each).length > 0), typeof exporter.export);`);
    expect({ out, err }).toEqual({ out: "[ true, true, true ] function\n", err: "" });
  });
});

test("the image of a function makes what is missing when an event is posted to it, and ends when asked to", async () => {
  await using own = await startContainer(imageNamed(built, "create-workspace"));
  await copyFile(join(container.shared, "operator.kubeconfig"), join(own.shared, "operator.kubeconfig"));
  await using serving = await serve(own, []);
  const admin = ["--kubeconfig", inside("admin.kubeconfig")];
  const name = `acme-${randomUUID().slice(0, 8)}`;
  const created = await container.run(["account", "create", name, "--parent", "root:orgs", ...admin]);
  expect(created, created.err).toMatchObject({ code: 0 });
  const invoke = ["invoke", "--account", `root:orgs:${name}`, "--url", serving.url, "-o", "json", ...admin];
  const invoked = await container.run(invoke);
  expect(invoked, invoked.err).toMatchObject({ code: 0 });
  expect(JSON.parse(invoked.out)).toMatchObject({
    reply: {
      status: 200,
      headers: { "account-functions-outcome": "done" },
      event: { type: "io.platform-mesh.account.workspace-created", kcppath: "root:orgs" },
    },
  });
  expect(await serving.stop()).toMatchObject({ code: 0 });
});

/** A server of functions in a container, from the moment that it is ready. */
async function serve(of: Container, args: readonly string[]) {
  await chmod(join(of.shared, "operator.kubeconfig"), 0o444);
  const [port = 0, metrics = 0] = await freePorts(2);
  const env = { PORT: String(port), METRICS_PORT: String(metrics), KUBECONFIG: inside("operator.kubeconfig") };
  const started = of.start(args, env);
  const url = `http://127.0.0.1:${port}`;
  const isReady = () =>
    fetch(`${url}/health/readiness`).then(
      ({ status }) => status === 200,
      () => false,
    );
  let ended: Finished | undefined;
  void started.finished.then((finished) => (ended = finished));
  while (!(await isReady())) {
    if (ended) throw new Error(`it ended with code ${ended.code}: ${ended.err}${ended.out}`);
    await delay(20);
  }
  const stop = () => started.stop();
  return {
    url,
    metrics: `http://127.0.0.1:${metrics}/metrics`,
    stop,
    [Symbol.asyncDispose]: async () => void (await stop()),
  };
}

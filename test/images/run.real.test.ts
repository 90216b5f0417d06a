import { chmod, copyFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildImages, localPrefix } from "../../tools/oci/build.ts";
import { freePorts } from "../../tools/ports.ts";
import { startEmbedded, type TestKcp } from "../servers.ts";
import { type Container, startContainer } from "./container.ts";

let container: Container;
let kcp: TestKcp;
beforeAll(async () => {
  const [all] = await buildImages({ prefix: localPrefix });
  if (!all) throw new Error("no image was built");
  [container, kcp] = await Promise.all([startContainer(all), startEmbedded({ latencyMs: 0 })]);
  await share("admin.kubeconfig", kcp.adminKubeconfig);
  await share("token", kcp.operatorTokenFile);
});
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

  test("finds the certificates of public authorities where they are looked for", async () => {
    const { out } = await container.evaluate(`
      import tls from "node:tls";
      process.env.SSL_CERT_FILE = "/etc/ssl/certs/ca-certificates.crt";
      console.log(tls.getCACertificates("system").length > 100);`);
    expect(out).toBe("true\n");
  });

  test("sets a kcp up with the manifests that it brings, and serves functions on it", async () => {
    const admin = ["--kubeconfig", inside("admin.kubeconfig")];
    const operator = ["--operator-kubeconfig", inside("operator.kubeconfig"), "--operator-token-file", inside("token")];
    const set = await container.run(["bootstrap", ...admin, ...operator]);
    expect(set, set.err).toMatchObject({ code: 0 });

    const [port = 0, metrics = 0] = await freePorts(2);
    const kubeconfig = ["--kubeconfig", inside("operator.kubeconfig")];
    const env = { PORT: String(port), METRICS_PORT: String(metrics) };
    const serving = container.start(["serve", ...kubeconfig], env);
    const answers = (path: string) =>
      fetch(`http://127.0.0.1:${port}${path}`).then(
        (response) => response.status,
        () => 0,
      );
    const early = serving.finished.then((ended) => expect.unreachable(`ended: ${ended.err}${ended.out}`));
    await Promise.race([early, until(async () => (await answers("/health/readiness")) === 200)]);
    expect(await answers("/health/liveness")).toBe(200);
    const scraped = await fetch(`http://127.0.0.1:${metrics}/metrics`);
    expect(await scraped.text()).toContain("process_resident_memory_bytes");
    early.catch(() => undefined);
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

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await delay(20);
}

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { get } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { answersOk } from "../answers-ok.ts";
import { type Claim, claimAny } from "../claim.ts";
import { startKcpServer } from "../kcp-server.ts";
import { startNatsServer } from "../nats-server.ts";
import { startOpenFgaServer } from "../openfga-server.ts";
import { stateFolder } from "../paths.ts";
import { elapsed, say } from "../progress.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { obtainDebianPackages } from "./debian-packages.ts";
import { kubectlFor } from "./kubectl.ts";
import { writeArchive } from "./oci-archive.ts";
import { podMemory } from "./pod-memory.ts";

const image = "dev.local/cluster/hello:1";
// The first process of a container gets no signal that it does not ask for.
const script = `trap 'exit 0' TERM
cd /dev/shm && echo "hello from $K_REVISION" >index.html
busybox httpd -f -p "$PORT" & wait`;

const cleanup = new AsyncDisposableStack();
let state: Claim;
let cluster: Cluster;
let ingress: number;

beforeAll(async () => {
  state = await claimAny(join(stateFolder, "cluster-test"));
  cluster = await startCluster({ folder: state.folder, cleanup });
  ingress = await cluster.forward(80);
  await cluster.importImage(await helloArchive());
  await cluster.kubectl(["apply", "-f", "-"], JSON.stringify(list(hello, client)));
  await cluster.kubectl(["wait", "--for=condition=Ready", "--timeout=60s", "ksvc/hello", "pod/client"]);
});
afterAll(async () => {
  await cleanup.disposeAsync();
  await state.release();
});

async function helloArchive(): Promise<string> {
  const { program } = await obtainDebianPackages();
  const [folder, file] = [join(state.folder, "hello"), join(state.folder, "hello.tar")];
  await mkdir(folder);
  const files = { "bin/busybox": program("busybox") };
  await writeArchive(file, folder, [{ name: image, files, entrypoint: ["/bin/busybox", "sh", "-c", script] }]);
  return file;
}

const list = (...items: readonly object[]) => ({ apiVersion: "v1", kind: "List", items });
const hello = {
  apiVersion: "serving.knative.dev/v1",
  kind: "Service",
  metadata: { name: "hello", namespace: "default" },
  spec: { template: { spec: { containers: [{ image }] } } },
};
const client = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "client", namespace: "default" },
  spec: { containers: [{ name: "client", image, command: ["/bin/busybox", "sleep", "infinity"] }] },
};

const fromPod = (...command: readonly string[]) =>
  cluster.kubectl(["exec", "client", "--", "/bin/busybox", ...command]).then((printed) => printed.trim());

/** What the ingress answers for a host, asked from outside the cluster. */
function fromOutside(host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ host: "127.0.0.1", port: ingress, headers: { host }, agent: false }, (answer) =>
      text(answer).then((body) => resolve(`${answer.statusCode} ${body.trim()}`), reject),
    ).once("error", reject);
  });
}

const podsOf = async (service: string): Promise<readonly string[]> => {
  const selector = `serving.knative.dev/service=${service}`;
  return (await cluster.kubectl(["get", "pods", "-l", selector, "-o", "name"])).split("\n").filter(Boolean);
};

test("a Knative Service answers by its name, to pods, to servers on the node and from outside", async () => {
  const answer = "hello from hello-00001";
  expect(await fromPod("wget", "-qO-", "http://hello.default.svc.cluster.local")).toBe(answer);
  expect(await fromPod("wget", "-qO-", "http://hello.default")).toBe(answer);
  expect(await fromOutside("hello.default.svc.cluster.local")).toBe(`200 ${answer}`);
  const busybox = (await obtainDebianPackages()).program("busybox");
  expect((await cluster.exec(busybox, ["wget", "-qO-", "http://hello.default"])).trim()).toBe(answer);
  expect(await fromOutside("nobody.default.svc.cluster.local")).toMatch(/^404 no route/);
});

test("its pods go when nobody asks, and come back for the next request", async () => {
  const idle = performance.now();
  await expect.poll(() => podsOf("hello"), { timeout: 90_000, interval: 500 }).toEqual([]);
  say(`  no pod is left after ${elapsed(idle)}`);
  const cold = performance.now();
  expect(await fromOutside("hello.default")).toBe("200 hello from hello-00001");
  say(`  the first request from zero took ${elapsed(cold)}`);
  expect(await podsOf("hello")).toHaveLength(1);
});

test("a new revision takes over, and an old one still answers by its tag", async () => {
  const template = { spec: { containers: [{ image, env: [{ name: "NEW", value: "1" }] }] } };
  const traffic = [
    { latestRevision: true, percent: 100 },
    { revisionName: "hello-00001", percent: 0, tag: "old" },
  ];
  await cluster.kubectl(["apply", "-f", "-"], JSON.stringify({ ...hello, spec: { template, traffic } }));
  await expect.poll(() => fromOutside("hello.default"), { timeout: 60_000 }).toBe("200 hello from hello-00002");
  await expect.poll(() => fromOutside("old-hello.default"), { timeout: 60_000 }).toBe("200 hello from hello-00001");
});

test("pods reach a server that runs beside them on the node, by address and by name", async () => {
  const { hostAddress: host, place } = cluster;
  const program = `require("node:http").createServer((_, answer) => answer.end("beside")).listen(9000, "${host}")`;
  const server = await cluster.runServer({
    name: "beside",
    command: process.execPath,
    args: ["-e", program],
    isReady: () => answersOk(place, { host, port: 9000, path: "/" }),
    readyLimitMs: 30_000,
  });
  expect(await fromPod("wget", "-qO-", `http://${host}:9000`)).toBe("beside");
  const name = await cluster.nameServer("beside", 9000);
  const byName = () => fromPod("wget", "-qO-", `http://${name}:9000`).catch(String);
  // The name server and the node's rules learn of it one after the other.
  await expect.poll(byName, { timeout: 30_000 }).toBe("beside");
  await server.stop();
  await expect(fromPod("wget", "-qO-", `http://${host}:9000`)).rejects.toThrow(/refused/);
});

test("kcp, NATS and OpenFGA run inside, kcp with URLs that lead there from pods (decisions 43)", async () => {
  const { place, hostAddress } = cluster;
  const folder = join(state.folder, "servers");
  await mkdir(folder);
  const [kcp, nats, fga] = await Promise.all([
    startKcpServer({ folder, cleanup, place }),
    startNatsServer({ folder, cleanup, place }),
    startOpenFgaServer({ folder, cleanup }, { elsewhere: { place, name: "openfga.servers.svc.cluster.local" } }),
  ]);
  const [kcpPort, natsPort, fgaPort] = [kcp.url, nats.url, fga.url].map((url) => Number(new URL(url).port));
  await cluster.nameServer("openfga", fgaPort ?? 0);
  expect(kcp.url).toBe(`https://${hostAddress}:${kcpPort}`);
  const inside = (port?: number) => fromPod("sh", "-c", `busybox nc ${hostAddress} ${port} </dev/null | head -c 4`);
  expect(await inside(natsPort)).toBe("INFO");

  // Who is outside comes by `localhost`, for which kcp's certificate is as well.
  const outside = join(folder, "outside.kubeconfig");
  const admin = await readFile(kcp.adminKubeconfig, "utf8");
  const port = await cluster.forward(kcpPort ?? 0);
  await writeFile(outside, admin.replaceAll(kcp.url, `https://localhost:${port}`));
  const kubectl = await kubectlFor(outside);
  const shards = await kubectl(["--context=root", "get", "shards", "-o", "jsonpath={.items[*].spec.*}"]);
  expect(shards.match(/https:[^" ]+/g)).toEqual(expect.arrayContaining([kcp.url]));
  expect(new Set(shards.match(/https:\/\/[^/" ]+/g))).toEqual(new Set([kcp.url]));

  const trusted = { ca: await readFile(fga.caFile), host: "openfga.servers.svc.cluster.local", port: fgaPort ?? 0 };
  await expect.poll(() => answersOk(place, { ...trusted, path: "/healthz" })).toBe(true);
});

test("says how much memory each pod uses, and shows logs", async () => {
  const read = async () => [...(await podMemory(cluster.kubectl)).keys()].filter((pod) => pod.includes("/activator"));
  await expect.poll(read, { timeout: 60_000, interval: 1000 }).toHaveLength(1);
  expect(await cluster.kubectl(["-n", "knative-serving", "logs", "deploy/controller", "--tail=1"])).toContain("{");
});

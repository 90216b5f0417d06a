import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ApiError } from "../shared/kcp/client.ts";
import { defaultSecurity, defaultSettings } from "../shared/settings.ts";
import { type ScriptedServer, type Seen, scriptedServer, sendJson } from "../test/scripted-server.ts";
import { openSocketArchive } from "./bus/archive-client.ts";
import { leaseName } from "./leader.ts";
import { BusUnreachableError } from "./open-bus.ts";
import { type Host, run } from "./run.ts";
import type { RunConfig } from "./run-config.ts";

/** A kcp in which nothing happens: a slice, empty lists, silent watches and one Lease. */
class QuietKcp {
  endpoints = true;
  slice = true;
  lease: { metadata: { resourceVersion: string }; spec: Record<string, unknown> } | undefined;
  #url = "";
  #version = 0;

  async start(): Promise<ScriptedServer> {
    const server = await scriptedServer((seen, response) => this.#answer(seen, response));
    this.#url = server.url;
    return server;
  }

  writeLease(spec: Record<string, unknown>): void {
    const metadata = { name: leaseName, uid: "u", resourceVersion: String(++this.#version) };
    this.lease = { metadata, spec: { ...this.lease?.spec, ...spec } };
  }

  #answer(seen: Seen, response: ServerResponse): void {
    if (seen.url.searchParams.has("watch")) response.writeHead(200).flushHeaders();
    else sendJson(response, ...this.#reply(seen));
  }

  #reply({ method, url, body }: Seen): [code: number, body: unknown] {
    if (url.pathname.includes("/leases")) return this.#replyOfLease(method, body);
    const endpoints = this.endpoints ? [{ url: `${this.#url}/vw` }] : [];
    const slice = { metadata: { name: "core", uid: "u", resourceVersion: "1" }, status: { endpoints } };
    if (url.pathname.endsWith("/core")) return this.slice ? [200, slice] : refusal(404, "NotFound");
    const items = url.pathname.endsWith("/apiexportendpointslices") ? [slice] : [];
    return [200, { apiVersion: "v1", kind: "List", metadata: { resourceVersion: "1" }, items }];
  }

  #replyOfLease(method: string, body: string): [code: number, body: unknown] {
    if (method === "GET") return this.lease ? [200, this.lease] : refusal(404, "NotFound");
    const { metadata, spec } = JSON.parse(body);
    const isStale = metadata.resourceVersion !== this.lease?.metadata.resourceVersion;
    if (method === "PATCH" && isStale) return refusal(409, "Conflict");
    this.writeLease(spec);
    return [200, this.lease];
  }
}

const refusal = (code: number, reason: string): [number, unknown] => [
  code,
  { kind: "Status", code, reason, message: reason },
];

let folder: string;
let kcp: QuietKcp;
let server: ScriptedServer;
let stop: AbortController;
let health: number;
let metrics: number;

beforeEach(async () => {
  kcp = new QuietKcp();
  server = await kcp.start();
  folder = await mkdtemp(join(tmpdir(), "run-test-"));
  const entry = (of: object) => ({ name: "t", ...of });
  const content = {
    "current-context": "t",
    contexts: [entry({ context: { cluster: "t", user: "t" } })],
    clusters: [entry({ cluster: { server: `${server.url}/clusters/root:platform-mesh-system` } })],
    users: [entry({ user: { token: "t" } })],
  };
  await writeFile(join(folder, "kubeconfig"), JSON.stringify(content));
  stop = new AbortController();
  [health, metrics] = await Promise.all([freePort(), freePort()]);
});
afterEach(async () => {
  stop.abort();
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

const config = (more: Partial<RunConfig> = {}): RunConfig => ({
  kubeconfig: { file: join(folder, "kubeconfig") },
  requestTimeout: 1_000,
  bus: { kind: "memory" },
  recording: undefined,
  webhooks: undefined,
  fga: undefined,
  authorization: undefined,
  security: { settings: defaultSecurity, identity: undefined },
  source: { endpointSlice: "core", resync: 60_000 },
  settings: defaultSettings,
  disabledFunctions: new Set(["release-accountinfo"]),
  concurrency: 10,
  attributes: { environment: "test", region: "eu", isLocal: true, imageName: "image", imageTag: "v1" },
  log: { level: "info", json: true },
  metrics: { address: { host: "127.0.0.1", port: metrics }, secure: false, http2: true },
  health: { address: { host: "127.0.0.1", port: health } },
  tracing: undefined,
  isolation: undefined,
  leaderElect: false,
  shutdownTimeout: 1_000,
  ...more,
});
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const host = (): Host => ({ log: silent, version: "1.2.3", env: {}, signal: stop.signal });

const ready = async () => (await fetch(`http://127.0.0.1:${health}/readyz`)).text();
const metric = async (line: string) =>
  (await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text()).includes(`\n${line}\n`);
const until = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 4_000, interval: 20 });

describe("pm run", () => {
  test("002-C31 is ready once every watch is in step, and ends cleanly", async () => {
    const running = run(config(), host());
    await until(async () => expect(await ready()).toBe("ok\n"));
    expect(
      await metric(
        'account_operator_build_info{version="1.2.3",image_name="image",image_tag="v1",environment="test",region="eu"} 1',
      ),
    ).toBe(true);
    expect(await metric('account_functions_source_objects{kind="Account"} 0')).toBe(true);
    stop.abort(new Error("SIGTERM"));
    await running;
    await expect(ready()).rejects.toThrow();
  });

  test("says that no shard serves the export, and is alive all the same", async () => {
    kcp.endpoints = false;
    const running = run(config(), host());
    await until(async () =>
      expect(await ready()).toContain("not ready: kcp: not all watches are in step\nnot ready: functions"),
    );
    expect(await (await fetch(`http://127.0.0.1:${health}/healthz`)).text()).toBe("ok\n");
    stop.abort();
    await running;
  });

  test("002-C24, C31 no servers where none are wanted", async () => {
    const off = { metrics: { ...config().metrics, address: undefined }, health: { address: undefined } };
    const running = run(config(off), host());
    await until(async () => expect(server.seen.some(({ url }) => url.searchParams.has("watch"))).toBe(true));
    await expect(ready()).rejects.toThrow();
    stop.abort();
    await running;
  });

  test("002-C12 follows the slice in another workspace", async () => {
    const running = run(
      config({ source: { endpointSlice: "core", workspace: "root:elsewhere", resync: 60_000 } }),
      host(),
    );
    await until(async () => expect(await ready()).toBe("ok\n"));
    expect(server.seen[0]?.url.pathname).toBe(
      "/clusters/root:elsewhere/apis/apis.kcp.io/v1alpha1/apiexportendpointslices/core",
    );
    stop.abort();
    await running;
  });

  test("what a memory bus keeps is served on its socket, from before the first event to the end", async () => {
    const path = join(folder, "bus.sock");
    const running = run(config({ bus: { kind: "memory", socket: path } }), host());
    await until(async () => expect(await ready()).toBe("ok\n"));
    const archive = await openSocketArchive({ path, timeoutMs: 1_000 });
    for await (const _ of archive.deadLetters()) expect.unreachable();
    const second = config({ bus: { kind: "memory", socket: path }, health: { address: undefined } });
    const off = { ...second, metrics: { ...second.metrics, address: undefined } };
    await expect(run(off, host())).rejects.toThrow("another process serves it");
    stop.abort();
    await running;
    await expect(openSocketArchive({ path, timeoutMs: 1_000 })).rejects.toThrow("ENOENT");
  });

  test("what cannot work is said at the start", async () => {
    kcp.slice = false;
    await expect(run(config(), host())).rejects.toThrow(
      "there is no APIExportEndpointSlice core in root:platform-mesh-system: run pm bootstrap first",
    );
    kcp.slice = true;
    const bus = { kind: "nats", url: "nats://127.0.0.1:1", prefix: "p" } as const;
    await expect(run(config({ bus }), host())).rejects.toBeInstanceOf(BusUnreachableError);
  });

  test("a refusal at the start hints at the operator's kubeconfig", async () => {
    await server[Symbol.asyncDispose]();
    server = await scriptedServer((_, response) =>
      sendJson(response, 403, { kind: "Status", code: 403, reason: "Forbidden", message: "no" }),
    );
    const file = join(folder, "kubeconfig");
    const text = { clusters: [{ name: "t", cluster: { server: `${server.url}/clusters/root` } }] };
    await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, "utf8")), ...text }));
    const failure = await run(config(), host()).catch((error: unknown) => error);
    expect(String(failure)).toContain("is the kubeconfig the one that pm bootstrap wrote for the operator?");
    expect(failure instanceof Error && failure.cause).toBeInstanceOf(ApiError);
  });
});

describe("002-C32 pm run --leader-elect", () => {
  test("stands by, ready, while another one leads; takes over; releases at the end", async () => {
    kcp.writeLease({ holderIdentity: "other", leaseDurationSeconds: 15 });
    const running = run(config({ leaderElect: true }), host());
    await until(async () => expect(await ready()).toBe("ok\n"));
    expect(await metric(`leader_election_master_status{name="${leaseName}"} 0`)).toBe(true);
    expect(server.seen.filter(({ url }) => url.pathname.startsWith("/vw"))).toEqual([]);
    kcp.writeLease({ holderIdentity: "" });
    await until(async () => expect(await metric(`leader_election_master_status{name="${leaseName}"} 1`)).toBe(true));
    await until(async () => expect(server.seen.some(({ url }) => url.pathname.startsWith("/vw"))).toBe(true));
    stop.abort();
    await running;
    expect(kcp.lease?.spec.holderIdentity).toBe("");
  });

  test("stops at once when the Lease is taken, and stands by again", async () => {
    const running = run(config({ leaderElect: true }), host());
    await until(async () => expect(await metric(`leader_election_master_status{name="${leaseName}"} 1`)).toBe(true));
    kcp.writeLease({ holderIdentity: "thief", leaseDurationSeconds: 15 });
    await until(async () => expect(await metric(`leader_election_master_status{name="${leaseName}"} 0`)).toBe(true));
    expect(await ready()).toBe("ok\n");
    stop.abort();
    await running;
    expect(kcp.lease?.spec.holderIdentity).toBe("thief");
  });
});

import { randomUUID } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { get } from "node:https";
import { connect } from "node:net";
import { join } from "node:path";
import { obtain } from "./obtain.ts";
import { freePorts } from "./ports.ts";
import { Server } from "./server.ts";

const tries = 3;

/** A running nats-server with JetStream. */
export interface Nats {
  readonly url: string;
  readonly server: Server;
}

/** A running kcp. */
export interface Kcp {
  /** Base URL, without `/clusters/…`. */
  readonly url: string;
  readonly adminKubeconfig: string;
  /** Bearer tokens: `operator` is in group platform-mesh-operators, `alice` and `bob` are in none. */
  readonly tokens: { readonly operator: string; readonly alice: string; readonly bob: string };
  readonly operatorTokenFile: string;
  readonly server: Server;
}

interface StartOptions {
  /** Empty, and this process's own. */
  readonly folder: string;
  /** Gets the server's end, also when its start fails. */
  readonly cleanup?: AsyncDisposableStack;
}

export async function startNatsServer({ folder, cleanup }: StartOptions): Promise<Nats> {
  const command = await obtain("nats-server");
  return withFreePorts(1, async ([port = 0]) => {
    const config = join(folder, "nats-server.json");
    await writeFile(
      config,
      JSON.stringify({
        listen: `127.0.0.1:${port}`,
        // The largest event that the product publishes; nats-server's own default is 1 MiB.
        max_payload: 8 * 1024 * 1024,
        jetstream: { store_dir: join(folder, "jetstream") },
      }),
    );
    const isReady = () => greets(port);
    const args = ["--config", config];
    const server = new Server({ name: "nats-server", command, args, folder, isReady, readyLimitMs: 30_000 });
    cleanup?.defer(() => server.stop());
    await server.start();
    return { url: `nats://127.0.0.1:${port}`, server };
  });
}

export async function startKcpServer({ folder, cleanup }: StartOptions): Promise<Kcp> {
  const command = await obtain("kcp");
  const data = join(folder, "kcp");
  const tokens = { operator: randomUUID(), alice: randomUUID(), bob: randomUUID() };
  const operatorTokenFile = join(folder, "operator.token");
  const tokenFile = join(folder, "tokens.csv");
  await writeFile(operatorTokenFile, tokens.operator, { mode: 0o600 });
  await writeFile(tokenFile, tokenList(tokens), { mode: 0o600 });
  return withFreePorts(3, async ([port = 0, etcdClient = 0, etcdPeer = 0]) => {
    const args = [
      "start",
      `--root-directory=${data}`,
      "--bind-address=127.0.0.1",
      `--secure-port=${port}`,
      `--embedded-etcd-client-port=${etcdClient}`,
      `--embedded-etcd-peer-port=${etcdPeer}`,
      "--batteries-included=admin,workspace-types",
      `--token-auth-file=${tokenFile}`,
    ];
    const isReady = () => answersReadyz(port, join(data, "apiserver.crt"));
    const server = new Server({ name: "kcp", command, args, folder, isReady, readyLimitMs: 180_000 });
    cleanup?.defer(() => server.stop());
    await server.start();
    const adminKubeconfig = join(data, "admin.kubeconfig");
    return { url: `https://127.0.0.1:${port}`, adminKubeconfig, tokens, operatorTokenFile, server };
  });
}

/** kcp's file of static users: token, name, uid, groups. */
function tokenList({ operator, alice, bob }: Kcp["tokens"]): string {
  return [
    `${operator},account-functions,account-functions,"platform-mesh-operators"`,
    `${alice},alice,alice`,
    `${bob},bob,bob`,
    "",
  ].join("\n");
}

/** Between choosing a port and listening on it, another process may take it. */
async function withFreePorts<T>(count: number, start: (ports: readonly number[]) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(await freePorts(count));
    } catch (error) {
      const isTaken = error instanceof Error && error.message.includes("address already in use");
      if (!isTaken || attempt === tries) throw error;
    }
  }
}

/** nats-server speaks first, once JetStream is up. */
function greets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1", timeout: 2000 });
    const answer = (ready: boolean) => {
      socket.destroy();
      resolve(ready);
    };
    socket.once("data", (chunk) => answer(chunk.toString("latin1").startsWith("INFO ")));
    socket.once("error", () => answer(false));
    socket.once("close", () => answer(false));
    socket.once("timeout", () => answer(false));
  });
}

/** kcp writes its certificate, with the CA behind it, before it listens. */
async function answersReadyz(port: number, caFile: string): Promise<boolean> {
  const ca = await readFile(caFile).catch(() => undefined);
  if (!ca) return false;
  return new Promise((resolve) => {
    const request = get({ host: "127.0.0.1", port, path: "/readyz", ca, timeout: 5000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.once("timeout", () => request.destroy());
    request.once("error", () => resolve(false));
  });
}

import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parseTokenFile } from "../embedded/access/users.ts";
import { loadData } from "../embedded/data-file.ts";
import { createEmbedded, type Embedded } from "../embedded/embedded.ts";
import { type Claim, claimAny } from "../tools/claim.ts";
import { type Kcp, type KcpOptions, startKcpServer } from "../tools/kcp-server.ts";
import { type Keycloak, startKeycloakServer } from "../tools/keycloak-server.ts";
import { startNatsServer } from "../tools/nats-server.ts";
import { type OpenFga, type OpenFgaEngine, startOpenFgaServer } from "../tools/openfga-server.ts";
import { stateFolder } from "../tools/paths.ts";
import type { Server } from "../tools/server.ts";
import { writeUsers } from "../tools/users.ts";

/** A server of one test file, with empty data. */
export interface TestServer {
  readonly url: string;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
  /** SIGKILL; its data stays for restart. */
  kill(): Promise<void>;
  /** Same data, same ports; ready when it resolves. */
  restart(): Promise<void>;
}

export interface TestKcp extends TestServer, Pick<Kcp, "adminKubeconfig" | "tokens" | "operatorTokenFile"> {
  /** What it answers with, as PEM. */
  certificate(): Promise<{ readonly cert: string; readonly key: string }>;
}

export async function startNats(): Promise<TestServer> {
  const state = await claimAny(join(stateFolder, "test"));
  const { server, url } = await startNatsServer(state);
  return { url, ...lifecycle(server, state) };
}

export interface TestKeycloak extends TestServer, Keycloak {
  /** Everything that it has written to its log. */
  log(): Promise<string>;
}

export async function startKeycloak(): Promise<TestKeycloak> {
  const state = await claimAny(join(stateFolder, "test"));
  const { server, ...keycloak } = await startKeycloakServer(state);
  return { ...keycloak, log: () => readFile(server.logFile, "utf8"), ...lifecycle(server, state) };
}

export type TestOpenFga = TestServer & Omit<OpenFga, "server">;

/** Only with an engine other than memory is its data still there after a restart. */
export async function startOpenFga(options: { readonly engine?: OpenFgaEngine } = {}): Promise<TestOpenFga> {
  const state = await claimAny(join(stateFolder, "test"));
  const { server, ...openFga } = await startOpenFgaServer(state, options);
  return { ...openFga, ...lifecycle(server, state) };
}

export async function startKcp(options: Pick<KcpOptions, "security"> = {}): Promise<TestKcp> {
  const state = await claimAny(join(stateFolder, "test"));
  const { server, ...kcp } = await startKcpServer({ ...state, ...options });
  const part = (name: string) => readFile(join(dirname(kcp.adminKubeconfig), `apiserver.${name}`), "utf8");
  const certificate = async () => ({ cert: await part("crt"), key: await part("key") });
  return { ...kcp, certificate, ...lifecycle(server, state) };
}

/** A control plane in memory that takes for each step about as long as kcp does: a test sees what is in between. */
export async function startEmbedded({ latencyMs = 50 } = {}): Promise<TestKcp> {
  const state = await claimAny(join(stateFolder, "test"));
  const file = (name: string) => join(state.folder, name);
  const { tokenFile, ...users } = await writeUsers(state.folder);
  const known = parseTokenFile(await readFile(tokenFile, "utf8"));
  const start = (port: number) => createEmbedded({ port, users: known, latencyMs, dataFile: file("data.json") });
  let embedded: Embedded | undefined = await start(0);
  const { url } = embedded;
  const kill = async () => {
    const running = embedded;
    embedded = undefined;
    await running?.close();
  };
  await writeFile(file("admin.kubeconfig"), embedded.kubeconfig(), { mode: 0o600 });
  return {
    url,
    ...users,
    adminKubeconfig: file("admin.kubeconfig"),
    async certificate() {
      await embedded?.save();
      const saved = await loadData(file("data.json"));
      if (!saved) throw new Error("nothing was saved");
      return saved.identity;
    },
    kill,
    async restart() {
      await kill();
      embedded = await start(Number(new URL(url).port));
    },
    async stop() {
      await kill();
      await state.release();
    },
  };
}

function lifecycle(server: Server, state: Claim): Omit<TestServer, "url"> {
  return {
    kill: () => server.kill(),
    restart: () => server.restart(),
    async stop() {
      await server.stop();
      await state.release();
    },
  };
}

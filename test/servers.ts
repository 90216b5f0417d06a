import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createEmbedded, type Embedded } from "../embedded/embedded.ts";
import { type Claim, claimAny } from "../tools/claim.ts";
import { type Kcp, startKcpServer } from "../tools/kcp-server.ts";
import { startNatsServer } from "../tools/nats-server.ts";
import { stateFolder } from "../tools/paths.ts";
import type { Server } from "../tools/server.ts";

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

export type TestKcp = TestServer & Pick<Kcp, "adminKubeconfig" | "tokens" | "operatorTokenFile">;

export async function startNats(): Promise<TestServer> {
  const state = await claimAny(join(stateFolder, "test"));
  const { server, url } = await startNatsServer(state);
  return { url, ...lifecycle(server, state) };
}

export async function startKcp(): Promise<TestKcp> {
  const state = await claimAny(join(stateFolder, "test"));
  const { server, ...kcp } = await startKcpServer(state);
  return { ...kcp, ...lifecycle(server, state) };
}

/** A control plane in memory that takes for each step about as long as kcp does: a test sees what is in between. */
export async function startEmbedded({ latencyMs = 50 } = {}): Promise<TestKcp> {
  const state = await claimAny(join(stateFolder, "test"));
  const file = (name: string) => join(state.folder, name);
  const tokens = { operator: randomUUID(), alice: randomUUID(), bob: randomUUID() };
  const users = [
    { token: tokens.operator, name: "account-functions", groups: ["platform-mesh-operators"] },
    { token: tokens.alice, name: "alice" },
    { token: tokens.bob, name: "bob" },
  ];
  const start = (port: number) => createEmbedded({ port, users, latencyMs, dataFile: file("data.json") });
  let embedded: Embedded | undefined = await start(0);
  const { url } = embedded;
  const kill = async () => {
    const running = embedded;
    embedded = undefined;
    await running?.close();
  };
  await writeFile(file("admin.kubeconfig"), embedded.kubeconfig(), { mode: 0o600 });
  await writeFile(file("operator.token"), tokens.operator, { mode: 0o600 });
  return {
    url,
    tokens,
    adminKubeconfig: file("admin.kubeconfig"),
    operatorTokenFile: file("operator.token"),
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

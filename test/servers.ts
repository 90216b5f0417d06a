import { join } from "node:path";
import { type Claim, claimAny } from "../tools/claim.ts";
import { stateFolder } from "../tools/paths.ts";
import type { Server } from "../tools/server.ts";
import { type Kcp, startKcpServer, startNatsServer } from "../tools/servers.ts";

/** A real server of one test file, with empty data. */
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

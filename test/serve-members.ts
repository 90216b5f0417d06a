import { setTimeout as delay } from "node:timers/promises";
import { activeFunctions, watchedKinds } from "../eventing/active-functions.ts";
import { createMemoryBus } from "../eventing/bus/memory.ts";
import { createDispatcher } from "../eventing/dispatcher.ts";
import { executeHere } from "../eventing/execute.ts";
import { createSource } from "../eventing/source/source.ts";
import { Store } from "../eventing/store.ts";
import { storeBackend } from "../eventing/store-backend.ts";
import { functions, steps } from "../functions/index.ts";
import manageMembership from "../functions/manage-membership/index.ts";
import type { Fga } from "../shared/fga/fga.ts";
import type { IdentityProvider } from "../shared/identity/identity.ts";
import { createInvoke, type Invoke } from "../shared/invoke.ts";
import { loadKubeconfig } from "../shared/kcp/kubeconfig.ts";
import { createClient } from "../shared/kcp/rest.ts";
import { coreExport } from "../shared/names.ts";
import { defaultSecurity, defaultSettings } from "../shared/settings.ts";

const refuse = () => Promise.reject(new Error("memberships ask nothing of it"));
const clusters = {
  discover: refuse,
  readSecret: refuse,
  readAuthentication: refuse,
  releaseMarker: refuse,
};
const ignore = () => {};
const log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
const pollMs = 20;

export interface Servers {
  /** Of the functions. */
  readonly kubeconfig: string;
  readonly fga: Fga;
  readonly identity: IdentityProvider;
}

/** The functions of an installation without security, and manage-membership beside them: the test itself plays
 *  security-init. */
export async function serveMembers({ kubeconfig, fga, identity }: Servers): Promise<AsyncDisposable> {
  const config = await loadKubeconfig({ file: kubeconfig });
  const active = [
    ...activeFunctions(functions, { disabledFunctions: new Set(), security: undefined }),
    manageMembership,
  ];
  const [bus, store, stopping] = [createMemoryBus(), new Store(), new AbortController()];
  const follow = { config, workspace: "root:platform-mesh-system", sliceName: coreExport, kinds: watchedKinds(active) };
  const source = createSource({ ...follow, bus, store, resyncMs: 3_600_000, log });
  const client = createClient({ config, basesOf: source.basesOf, pathOf: (cluster) => store.pathOf(cluster) });
  const backend = storeBackend(client, store);
  const plain = createInvoke({ backend, settings: defaultSettings, steps });
  const outside = { clusters, fga, identity };
  const settings = { ...defaultSettings, security: defaultSecurity };
  const secured = createInvoke({ backend: { ...backend, outside }, settings, steps });
  const invoke: Invoke = (fn, event, ctx) => (fn === manageMembership ? secured : plain)(fn, event, ctx);
  const dispatcher = createDispatcher({ bus, functions: active, execute: executeHere(invoke), log });
  const running = source.start(stopping.signal);
  while (!source.synced) await delay(pollMs);
  await dispatcher.start();
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort(new Error("stopping"));
      await dispatcher.drain(5_000);
      await running;
      await bus.close();
      client.close();
    },
  };
}

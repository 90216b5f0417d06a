import { Authorizer } from "./access/authorizer.ts";
import { type TokenUser, Users } from "./access/users.ts";
import { rules } from "./admission/rules.ts";
import type { Answer } from "./api/answer.ts";
import { Handler } from "./api/handler.ts";
import type { Incoming } from "./api/incoming.ts";
import { Writer } from "./api/writer.ts";
import { makeRoot, makeWorkspaceTypes } from "./boot.ts";
import { type Clock, systemClock } from "./clock.ts";
import { apiBindings } from "./controllers/api-bindings.ts";
import { apiExports, endpointSlices } from "./controllers/api-exports.ts";
import { defaultBindings } from "./controllers/default-bindings.ts";
import { garbage } from "./controllers/garbage.ts";
import { logicalClusters } from "./controllers/logical-clusters.ts";
import { namespaces } from "./controllers/namespaces.ts";
import { Runner } from "./controllers/runner.ts";
import { System } from "./controllers/system.ts";
import { workspaceTypes } from "./controllers/workspace-types.ts";
import { workspaces } from "./controllers/workspaces.ts";
import { loadData, newIdentity, saveData } from "./data-file.ts";
import { adminKubeconfig, userKubeconfig } from "./kubeconfig.ts";
import { Catalog } from "./resources/catalog.ts";
import { listen } from "./server.ts";
import { Clusters } from "./store/clusters.ts";
import { Store } from "./store/store.ts";
import { views } from "./virtual/views.ts";

export interface EmbeddedOptions {
  readonly host?: string;
  /** 0, the default: a free one. */
  readonly port?: number;
  /** Besides the administrator. */
  readonly users?: readonly TokenUser[];
  /** Bearer token of the administrator; saved with the data, random at first unless given. */
  readonly adminToken?: string;
  /** Data are taken from this file if it exists, and saved there by `close` and `save`. */
  readonly dataFile?: string;
  /** Plain HTTP when false. */
  readonly tls?: boolean;
  /** Milliseconds between two bookmarks of a watch. */
  readonly bookmarkMs?: number;
  /** Changes that a watch can be resumed from. */
  readonly history?: number;
  /** Milliseconds that the controllers take for each step; none unless given, while kcp needs some hundred. */
  readonly latencyMs?: number;
  readonly clock?: Clock;
  readonly onError?: (where: string, error: unknown) => void;
}

/** A running embedded control plane. */
export interface Embedded {
  /** Without a slash at its end. */
  readonly url: string;
  /** PEM of the certificate to trust; empty with plain HTTP. */
  readonly ca: string;
  readonly adminToken: string;
  /** The administrators' kubeconfig, or that of the user with this token in a workspace (`root` unless given). */
  kubeconfig(token?: string, workspace?: string): string;
  readonly store: Store;
  /** Answers a request without a connection; throws what is refused as a StatusError. */
  handle(incoming: Incoming): Promise<Answer>;
  /** Forgets the history of changes, as etcd does from time to time: watches from before are answered 410. */
  compact(): void;
  /** Writes the data file, if one was named. */
  save(): Promise<void>;
  close(): Promise<void>;
}

/** Starts an in-memory control plane that speaks as much of the API of kcp as this product uses. For development only: it
 *  has no durable storage, no replicas, and its checks are as good as its imitation. */
export async function createEmbedded(options: EmbeddedOptions = {}): Promise<Embedded> {
  const { host = "127.0.0.1", clock = systemClock } = options;
  const { now } = clock;
  const saved = options.dataFile ? await loadData(options.dataFile) : undefined;
  const known = saved?.identity ?? newIdentity();
  const identity = { ...known, ...(options.adminToken && { adminToken: options.adminToken }) };
  const { adminToken, shardToken } = identity;
  const store = new Store(options);
  const clusters = new Clusters(store);
  const catalog = new Catalog(store);
  const authorizer = new Authorizer(store, clusters);
  const system = new System({ store, clusters, catalog, authorizer, now });
  const users = new Users([
    { token: adminToken, name: "kcp-admin", groups: ["system:kcp:admin"] },
    { token: shardToken, name: "shard-admin", groups: ["system:masters"] },
    ...(options.users ?? []),
  ]);
  const admission = rules(system);
  const handler = new Handler({
    store,
    clusters,
    users,
    writer: new Writer({ store, admission, now }),
    viewOf: views(system, authorizer),
    address: () => new URL(system.url).host,
    clock,
    bookmarkMs: options.bookmarkMs ?? 60_000,
  });
  const tls = (options.tls ?? true) ? identity : undefined;
  const server = await listen(handler, { host, port: options.port ?? 0, tls });
  system.url = `${tls ? "https" : "http"}://${host}:${server.port}`;
  system.ca = tls?.cert ?? "";

  const runner = new Runner(store, controllers(system), { ...options, clock });
  if (saved) {
    store.restore(saved.store);
    runner.resync();
  } else {
    makeRoot(system);
    runner.drain();
    makeWorkspaceTypes(system);
  }
  runner.drain();
  // What happened before anybody could watch is not told.
  store.compact(store.revision);
  const save = async () => {
    if (options.dataFile) await saveData(options.dataFile, identity, store);
  };
  return {
    url: system.url,
    ca: system.ca,
    adminToken,
    kubeconfig: (token, workspace = "root") =>
      token === undefined
        ? adminKubeconfig(system, { admin: adminToken, shard: shardToken })
        : userKubeconfig(system, token, workspace),
    store,
    handle: (incoming) => handler.handle(incoming),
    compact: () => store.compact(store.revision),
    save,
    async close() {
      runner.stop();
      await server.close();
      await save();
    },
  };
}

function controllers(system: System) {
  return [
    apiExports(system),
    apiBindings(system),
    endpointSlices(system),
    workspaceTypes(system),
    workspaces(system),
    logicalClusters(system),
    defaultBindings(system),
    namespaces(system),
    garbage(system),
  ];
}

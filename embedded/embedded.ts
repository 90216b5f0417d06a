import { randomBytes } from "node:crypto";
import { selfSigned } from "../shared/self-signed.ts";
import { Authorizer } from "./access/authorizer.ts";
import { type TokenUser, Users } from "./access/users.ts";
import { rules } from "./admission/rules.ts";
import { Handler } from "./api/handler.ts";
import { Writer } from "./api/writer.ts";
import { makeRoot, makeWorkspaceTypes } from "./boot.ts";
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
import { loadData, saveData } from "./data-file.ts";
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
  /** Bearer token of the administrator; random unless given. */
  readonly adminToken?: string;
  /** Data are taken from this file if it exists, and saved there by `close` and `save`. */
  readonly dataFile?: string;
  /** Plain HTTP when false. */
  readonly tls?: boolean;
  /** Milliseconds between two bookmarks of a watch. */
  readonly bookmarkMs?: number;
  /** Changes that a watch can be resumed from. */
  readonly history?: number;
  readonly now?: () => number;
  readonly onError?: (where: string, error: unknown) => void;
}

/** A running embedded control plane. */
export interface Embedded {
  /** Without a slash at its end. */
  readonly url: string;
  /** PEM of the certificate to trust; empty with plain HTTP. */
  readonly ca: string;
  readonly adminToken: string;
  /** A kubeconfig, as YAML may be written, for a token and a workspace (`root` unless given). */
  kubeconfig(token?: string, workspace?: string): string;
  readonly store: Store;
  /** Forgets the history of changes, as etcd does from time to time: watches from before are answered 410. */
  compact(): void;
  /** Writes the data file, if one was named. */
  save(): Promise<void>;
  close(): Promise<void>;
}

/** Starts an in-memory control plane that speaks as much of the API of kcp as this product uses. For development only: it
 *  has no durable storage, no replicas, and its checks are as good as its imitation. */
export async function createEmbedded(options: EmbeddedOptions = {}): Promise<Embedded> {
  const { host = "127.0.0.1", now = Date.now, adminToken = randomBytes(24).toString("hex") } = options;
  const store = new Store(options);
  const clusters = new Clusters(store);
  const catalog = new Catalog(store);
  const authorizer = new Authorizer(store, clusters);
  const system = new System({ store, clusters, catalog, authorizer, now });
  const admin = { token: adminToken, name: "kcp-admin", groups: ["system:kcp:admin"] };
  const users = new Users([admin, ...(options.users ?? [])]);
  const admission = rules(system);
  const handler = new Handler({
    store,
    clusters,
    users,
    writer: new Writer({ store, admission, now }),
    viewOf: views(system, authorizer),
    address: () => new URL(system.url).host,
    now,
    bookmarkMs: options.bookmarkMs ?? 60_000,
  });
  const tls = (options.tls ?? true) ? selfSigned("localhost") : undefined;
  const server = await listen(handler, { host, port: options.port ?? 0, tls });
  system.url = `${tls ? "https" : "http"}://${host}:${server.port}`;
  system.ca = tls?.cert ?? "";

  const saved = options.dataFile ? await loadData(options.dataFile) : undefined;
  const runner = new Runner(store, controllers(system), options.onError);
  if (saved) {
    store.restore(saved.store);
    runner.resync();
  } else {
    makeRoot(system);
    runner.drain();
    makeWorkspaceTypes(system);
  }
  runner.drain();
  const save = async () => {
    if (options.dataFile) await saveData(options.dataFile, store);
  };
  return {
    url: system.url,
    ca: system.ca,
    adminToken,
    kubeconfig: (token = adminToken, workspace = "root") => kubeconfigOf(system, token, workspace),
    store,
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

function kubeconfigOf({ url, ca }: System, token: string, workspace: string): string {
  const name = "embedded";
  const certificate = ca && { "certificate-authority-data": Buffer.from(ca).toString("base64") };
  const cluster = (server: string) => ({ server, ...(certificate || {}) });
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      { name, cluster: cluster(`${url}/clusters/${workspace}`) },
      { name: "base", cluster: cluster(url) },
    ],
    users: [{ name, user: { token } }],
    contexts: [
      { name, context: { cluster: name, user: name } },
      { name: "base", context: { cluster: "base", user: name } },
    ],
    "current-context": name,
  });
}

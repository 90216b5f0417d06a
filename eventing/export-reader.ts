import type { Reader } from "../shared/kcp/client.ts";
import type { Kubeconfig } from "../shared/kcp/kubeconfig.ts";
import { type ClientOptions, createClient } from "../shared/kcp/rest.ts";
import { slices, urlsOf } from "./source/endpoints.ts";

export interface ExportOptions extends Pick<ClientOptions, "onRequest" | "timeoutMs"> {
  readonly config: Kubeconfig;
  /** Home of the APIExportEndpointSlice, and its name. */
  readonly workspace: string;
  readonly sliceName: string;
}
export interface ExportReader extends Reader {
  close(): void;
}

/** How long the URLs of the shards are taken for true, in milliseconds. */
const freshMs = 1_000;

/** Reads through the virtual workspaces of the export, where the operator may read. */
export function createExportReader({ config, workspace, sliceName, ...options }: ExportOptions): ExportReader {
  let bases: readonly string[] = [];
  let foundAt = Number.NEGATIVE_INFINITY;
  const direct = createClient({ config, ...options });
  const client = createClient({ config, ...options, basesOf: () => bases });
  const findBases = async () => {
    // A workspace that is new may be on a shard that is.
    if (performance.now() - foundAt < freshMs) return;
    bases = urlsOf(await direct.read(slices, { cluster: workspace, name: sliceName }));
    if (bases.length > 0) foundAt = performance.now();
  };
  return {
    async get(kind, cluster, name, call) {
      await findBases();
      return client.get(kind, cluster, name, call);
    },
    async list(kind, cluster, call) {
      await findBases();
      return client.list(kind, cluster, call);
    },
    close() {
      direct.close();
      client.close();
    },
  };
}

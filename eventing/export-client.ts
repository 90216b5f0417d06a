import type { Call } from "../shared/kcp/client.ts";
import type { Kubeconfig } from "../shared/kcp/kubeconfig.ts";
import { type Client, type ClientOptions, createClient } from "../shared/kcp/rest.ts";
import { slices, urlsOf } from "./source/endpoints.ts";

export interface ExportOptions extends Pick<ClientOptions, "onRequest" | "timeoutMs"> {
  readonly config: Kubeconfig;
  /** Home of the APIExportEndpointSlice, and its name. */
  readonly workspace: string;
  readonly sliceName: string;
}
export interface ExportClient {
  /** Goes through the virtual workspaces of the export, where the operator may read and write. */
  readonly client: Client;
  /** Finds the virtual workspaces, unless that was done within the last second. */
  refresh(call?: Call): Promise<void>;
  close(): void;
}

/** How long the URLs of the shards are taken for true, in milliseconds. */
const freshMs = 1_000;

/** Access to the workspaces of all shards without a source that follows them: `refresh` comes before each use. */
export function createExportClient({ config, workspace, sliceName, ...options }: ExportOptions): ExportClient {
  let bases: readonly string[] = [];
  let foundAt = Number.NEGATIVE_INFINITY;
  const direct = createClient({ config, ...options });
  const client = createClient({ config, ...options, basesOf: () => bases });
  return {
    client,
    async refresh(call) {
      // A workspace that is new may be on a shard that is.
      if (performance.now() - foundAt < freshMs) return;
      bases = urlsOf(await direct.read(slices, { cluster: workspace, name: sliceName }, call));
      if (bases.length > 0) foundAt = performance.now();
    },
    close() {
      direct.close();
      client.close();
    },
  };
}

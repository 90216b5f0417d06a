import type { Kubeconfig } from "../../shared/kcp/kubeconfig.ts";
import { type LogicalCluster, pathAnnotation } from "../../shared/kcp/objects.ts";
import { type ClientOptions, createClient } from "../../shared/kcp/rest.ts";
import { logicalClusterName } from "../../shared/names.ts";
import { slices, urlsOf } from "../source/endpoints.ts";

export interface PlacesOptions extends Pick<ClientOptions, "onRequest" | "timeoutMs"> {
  readonly config: Kubeconfig;
  /** Home of the APIExportEndpointSlice, and its name. */
  readonly workspace: string;
  readonly sliceName: string;
}

/** What admission asks kcp about a workspace. */
export interface Places {
  /** Rejects while kcp cannot say. */
  pathOf(cluster: string): Promise<string>;
  accountsIn(cluster: string): Promise<number>;
  close(): void;
}

/** A path belongs to its cluster for good; so many are remembered. */
const maxRemembered = 50_000;

/** Reads through the virtual workspaces of the export, where the operator may read. */
export function createPlaces({ config, workspace, sliceName, ...options }: PlacesOptions): Places {
  let bases: readonly string[] = [];
  const direct = createClient({ config, ...options });
  const client = createClient({ config, ...options, basesOf: () => bases });
  const paths = new Map<string, string>();
  const findBases = async () => {
    bases = urlsOf(await direct.read(slices, { cluster: workspace, name: sliceName }));
  };
  return {
    async pathOf(cluster) {
      const known = paths.get(cluster);
      if (known !== undefined) return known;
      // A workspace that is new may be on a shard that is.
      await findBases();
      const found: LogicalCluster | undefined = await client.get("LogicalCluster", cluster, logicalClusterName);
      const path = found?.metadata.annotations?.[pathAnnotation];
      if (path === undefined) throw new Error(`no path of ${cluster} yet`);
      if (paths.size === maxRemembered) paths.clear();
      paths.set(cluster, path);
      return path;
    },
    accountsIn: async (cluster) => (await client.list("Account", cluster)).length,
    close() {
      direct.close();
      client.close();
    },
  };
}

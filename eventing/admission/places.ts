import { type LogicalCluster, pathAnnotation } from "../../shared/kcp/objects.ts";
import { logicalClusterName } from "../../shared/names.ts";
import type { ExportOptions } from "../export-client.ts";
import { createExportReader } from "../export-reader.ts";

/** What admission asks kcp about a workspace. */
export interface Places {
  /** Rejects while kcp cannot say. */
  pathOf(cluster: string): Promise<string>;
  accountsIn(cluster: string): Promise<number>;
  close(): void;
}

/** A path belongs to its cluster for good; so many are remembered. */
const maxRemembered = 50_000;

export function createPlaces(options: ExportOptions): Places {
  const reader = createExportReader(options);
  const paths = new Map<string, string>();
  return {
    async pathOf(cluster) {
      const known = paths.get(cluster);
      if (known !== undefined) return known;
      const found: LogicalCluster | undefined = await reader.get("LogicalCluster", cluster, logicalClusterName);
      const path = found?.metadata.annotations?.[pathAnnotation];
      if (path === undefined) throw new Error(`no path of ${cluster} yet`);
      if (paths.size === maxRemembered) paths.clear();
      paths.set(cluster, path);
      return path;
    },
    accountsIn: async (cluster) => (await reader.list("Account", cluster)).length,
    close: () => reader.close(),
  };
}

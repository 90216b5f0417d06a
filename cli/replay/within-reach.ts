import { classify } from "../../shared/kcp/errors.ts";
import { kinds } from "../../shared/kcp/kinds.ts";
import { clusterOf } from "../../shared/kcp/objects.ts";
import type { Client } from "../../shared/kcp/rest.ts";
import type { ExportSession } from "../export-session.ts";

/** Reads as the source of a pm run knows them: a workspace that the API export does not reach, or that is gone, holds
 *  nothing. kcp refuses to read there as it refuses a user without rights, which is still thrown. */
export function withinReach({ client, logicalClusters }: ExportSession): Client {
  let reached: Promise<ReadonlySet<string>> | undefined;
  async function orNothing<T>(answer: Promise<T>, cluster: string, nothing: T): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      if (classify(error) !== "forbidden") throw error;
      reached ??= logicalClusters({}).then((all) => new Set(all.map(clusterOf)));
      if ((await reached).has(cluster)) throw error;
      return nothing;
    }
  }
  const read: Client["read"] = (resource, target, call) =>
    orNothing(client.read(resource, target, call), target.cluster, undefined);
  const readAll: Client["readAll"] = (resource, where, call) =>
    orNothing(client.readAll(resource, where, call), where.cluster, []);
  return {
    ...client,
    read,
    readAll,
    get: (kind, cluster, name, call) => read(kinds[kind], { cluster, name }, call),
    list: (kind, cluster, call) => readAll(kinds[kind], { cluster }, call),
  };
}

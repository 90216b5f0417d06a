import { type NoOpinion, noOpinion } from "../../functions/authorize/opinion.ts";
import type { Place } from "../../functions/authorize/places.ts";
import { orgsStoreName } from "../../shared/fga/core-module.ts";
import type { Fga } from "../../shared/fga/fga.ts";
import type { Reader } from "../../shared/kcp/client.ts";
import { classify } from "../../shared/kcp/errors.ts";
import { clusterAnnotation, type LogicalCluster, pathAnnotation } from "../../shared/kcp/objects.ts";
import { infoName, logicalClusterName } from "../../shared/names.ts";
import { recent } from "./recent.ts";

export interface PlacesOptions {
  readonly reader: Pick<Reader, "get">;
  readonly fga: Pick<Fga, "getStore" | "findStores">;
  readonly orgsPath: string;
  /** Milliseconds of any clock. */
  now(): number;
}

/** How long what was read is taken for true, in milliseconds. OpenFGA answers by stores that are deleted, too. */
const storeFreshMs = 2_000;
const workspaceFreshMs = 1_000;
const maxSize = 10_000;

/** Finds what OpenFGA is to be asked about a workspace, and that it can be asked. */
export function findPlaces({
  reader,
  fga,
  orgsPath,
  now,
}: PlacesOptions): (cluster: string) => Promise<Place | NoOpinion> {
  const bounds = { freshMs: storeFreshMs, maxSize, now };
  const workspaceBounds = { ...bounds, freshMs: workspaceFreshMs };
  const nameOfStore = recent(async (id) => (await fga.getStore({ id }))?.name, bounds);
  const storesCalled = recent((name) => fga.findStores({ name }), bounds);
  const workspaceOf = recent(
    (cluster) => readable(() => reader.get("LogicalCluster", cluster, logicalClusterName)),
    workspaceBounds,
  );
  const infoOf = recent((cluster) => readable(() => reader.get("AccountInfo", cluster, infoName)), workspaceBounds);

  return async (cluster) => {
    if (!/^[a-z0-9]+$/.test(cluster)) return noOpinion("this is no workspace of an account");
    const found = await workspaceOf(cluster);
    const path = found?.metadata.annotations?.[pathAnnotation];
    if (!found || !path || !`${path}:`.startsWith(`${orgsPath}:`))
      return noOpinion("this is no workspace of an account");
    const phase = found.status?.phase;
    // Roles are for workspaces that are ready: until then its makers write into it, and at its end kcp empties it.
    if (phase !== "Ready" || found.metadata.deletionTimestamp) return noOpinion(`the workspace is ${stateOf(found)}`);
    return path === orgsPath ? orgs() : account(found, path);
  };

  async function orgs(): Promise<Place | NoOpinion> {
    const stores = await storesCalled(orgsStoreName);
    const [store] = stores;
    if (!store) return noOpinion(`OpenFGA has no store ${orgsStoreName}: pm bootstrap --security=on makes it`);
    // Somebody else's store of this name must not decide who may create orgs.
    if (stores.length > 1) {
      return noOpinion(`OpenFGA has ${stores.length} stores ${orgsStoreName}: remove those that are not ours`);
    }
    return { kind: "orgs", store: store.id };
  }

  async function account({ metadata, spec }: LogicalCluster, path: string): Promise<Place | NoOpinion> {
    const owner = spec?.owner;
    const cluster = metadata.annotations?.[clusterAnnotation];
    if (!owner || !cluster) return noOpinion("no account owns this workspace");
    const info = await infoOf(cluster);
    const store = info?.spec.fga.store.id;
    if (!store) return noOpinion("the account has no store in OpenFGA yet");
    const org = path.slice(orgsPath.length + 1).split(":")[0];
    const name = await nameOfStore(store);
    if (name === undefined) return noOpinion(`the store ${store} of the account is gone from OpenFGA`);
    if (name !== org) return noOpinion(`the store ${store} of the account is not that of org ${org}`);
    return { kind: "account", cluster, account: { cluster: owner.cluster, name: owner.name }, store };
  }
}

const stateOf = ({ metadata, status }: LogicalCluster): string =>
  metadata.deletionTimestamp ? "being deleted" : `not ready: ${status?.phase || "scheduling"}`;

/** Elsewhere the operator may not even look. */
async function readable<T>(read: () => Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (classify(error) === "forbidden") return undefined;
    throw error;
  }
}

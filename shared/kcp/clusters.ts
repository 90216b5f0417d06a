import { logicalClusterName, secretNamespace } from "../names.ts";
import type { Clusters, Marker } from "../outside.ts";
import type { Call } from "./client.ts";
import { discover } from "./discovery.ts";
import { classify } from "./errors.ts";
import { authenticationConfigurations, kinds, secrets } from "./kinds.ts";
import { type MarkerUrls, readSecurityType } from "./marker-urls.ts";
import type { KubeObject, LogicalCluster } from "./objects.ts";
import type { Client, ClientOptions } from "./rest.ts";

export interface ClustersOptions {
  /** Goes to workspaces directly. */
  readonly direct: Client;
  /** Goes through the APIExport's virtual workspace, where our claims hold. */
  readonly claimed: Pick<Client, "read">;
  /** Opens the virtual workspaces that show what waits for our markers. */
  readonly open: (basesOf: NonNullable<ClientOptions["basesOf"]>) => Client;
  /** Initializer and terminator, `<workspace path>:<WorkspaceType>`. */
  readonly marker: string;
}

/** kcp beyond the watched kinds, with the functions' own rights. */
export function createClusters({ direct, claimed, open, marker }: ClustersOptions): Clusters {
  // Without any there is nobody to ask: the first release finds them out.
  let bases: MarkerUrls | undefined;
  const holding = {
    initializer: open(() => bases?.initializer ?? []),
    terminator: open(() => bases?.terminator ?? []),
  };
  return {
    discover: ({ cluster }, call) => discover(direct, cluster, call),
    async readSecret({ cluster, name }, call) {
      const secret = await claimed.read<Secret>(secrets, { cluster, name, namespace: secretNamespace }, call);
      const decode = ([key, value]: [string, string]) => [key, Buffer.from(value, "base64").toString()] as const;
      return secret && Object.fromEntries(Object.entries(secret.data ?? {}).map(decode));
    },
    async readAuthentication({ cluster, name }, call) {
      const target = { cluster, name };
      return (await claimed.read<Configuration>(authenticationConfigurations, target, call))?.spec;
    },
    async releaseMarker({ cluster, marker: which }, call) {
      const held = { cluster, which, marker };
      if (bases && (await release(holding[which], held, call))) return;
      // Shards come and go.
      bases = (await readSecurityType(direct.read, marker)).urls;
      await release(holding[which], held, call);
    },
  };
}

type Configuration = KubeObject & { readonly spec?: object };
type Secret = KubeObject & { readonly data?: Readonly<Record<string, string>> };

interface Held {
  readonly cluster: string;
  readonly which: Marker;
  readonly marker: string;
}
const fields = { initializer: "initializers", terminator: "terminators" } as const;
/** kcp's own initializers go at the same time: it refuses a list that still has one of them before it looks at the
 *  resourceVersion, with 422 in place of 409. */
const tries = 10;

/** Only what waits for our marker is served there: false when it does not, or no more. */
async function release(client: Client, { cluster, which, marker }: Held, call?: Call): Promise<boolean> {
  const field = fields[which];
  const target = { cluster, name: logicalClusterName };
  for (let left = tries; ; left--) {
    try {
      const held = await client.read<LogicalCluster>(kinds.LogicalCluster, target, call);
      if (!held) return false;
      const present = held.status?.[field] ?? [];
      if (!present.includes(marker)) return true;
      const kept = present.filter((name) => name !== marker);
      const patch = { metadata: { resourceVersion: held.metadata.resourceVersion }, status: { [field]: kept } };
      await client.mergePatch(kinds.LogicalCluster, { ...target, subresource: "status" }, patch, call);
      return true;
    } catch (error) {
      const kind = classify(error);
      if (kind === "not-found") return false;
      if ((kind !== "conflict" && kind !== "invalid") || left === 0) throw error;
    }
  }
}

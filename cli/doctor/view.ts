import { slices, urlsOf } from "../../eventing/source/endpoints.ts";
import type { FgaServer } from "../../shared/fga/credentials.ts";
import { classify } from "../../shared/kcp/errors.ts";
import type { Kind } from "../../shared/kcp/kinds.ts";
import { type Kubeconfig, type KubeconfigOptions, loadKubeconfig } from "../../shared/kcp/kubeconfig.ts";
import type { ObjectOf } from "../../shared/kcp/objects.ts";
import { type Client, createClient } from "../../shared/kcp/rest.ts";
import { coreExport } from "../../shared/names.ts";
import { systemWorkspace } from "../bootstrap/manifests.ts";
import { isSecured } from "../bootstrap/security.ts";
import type { Io } from "../command.ts";
import { isKcpAdmin, type Who, whoAmI } from "../who-am-i.ts";

/** An installation as the checks see it. */
export interface View {
  readonly config: Kubeconfig;
  readonly who: Who;
  /** Direct access with the identity of the functions. */
  readonly operator: Client;
  /** Direct access as kcp administrator, where one is given. */
  readonly admin: Client | undefined;
  /** The export's virtual workspace, one client for each shard. */
  readonly shards: readonly Client[];
  readonly io: Pick<Io, "now" | "signal">;
  /** Milliseconds that the canary may take for each half of its life. */
  readonly waitMs: number;
  /** OpenFGA, where one is given. */
  readonly fga: FgaServer | undefined;
  /** Whether workspaces wait for the security function; read once. */
  isSecured(): Promise<boolean>;
  /** All objects of a kind in all workspaces, read once. */
  everywhere<K extends Kind>(kind: K): Promise<readonly ObjectOf[K][]>;
  close(): void;
}

export interface ViewOptions {
  /** The functions' kubeconfig. */
  readonly operator: KubeconfigOptions;
  readonly admin: KubeconfigOptions | undefined;
  readonly fga?: FgaServer | undefined;
  readonly timeoutMs: number;
  readonly waitMs: number;
}

/** Connects; throws when kcp does not answer or does not know the user. */
export async function openView(options: ViewOptions, io: View["io"]): Promise<View> {
  const { timeoutMs, waitMs } = options;
  const config = await loadKubeconfig(options.operator);
  const operator = createClient({ config, timeoutMs });
  const who = await whoAmI(operator, { signal: io.signal });
  const admin = options.admin
    ? createClient({ config: await loadKubeconfig(options.admin), timeoutMs })
    : isKcpAdmin(who)
      ? operator
      : undefined;
  const urls = await endpointsOf(operator);
  const shards = urls.map((url) => createClient({ config, timeoutMs, basesOf: () => [url] }));
  let secured: Promise<boolean> | undefined;
  const lists = new Map<Kind, Promise<readonly unknown[]>>();
  return {
    config,
    who,
    operator,
    admin,
    shards,
    io,
    waitMs,
    fga: options.fga,
    isSecured() {
      secured ??= isSecured(operator, { signal: io.signal });
      return secured;
    },
    everywhere<K extends Kind>(kind: K) {
      const listing =
        lists.get(kind) ?? Promise.all(shards.map((shard) => shard.list(kind, "*"))).then((all) => all.flat());
      lists.set(kind, listing);
      return listing as Promise<readonly ObjectOf[K][]>;
    },
    close() {
      for (const client of new Set([operator, admin, ...shards])) client?.close();
    },
  };
}

/** Base URLs of the virtual workspace; none when the export or the right to see it is missing, which a check reports. */
async function endpointsOf(client: Client): Promise<readonly string[]> {
  try {
    return urlsOf(await client.read(slices, { cluster: systemWorkspace, name: coreExport }));
  } catch (error) {
    if (classify(error) === "forbidden") return [];
    throw error;
  }
}

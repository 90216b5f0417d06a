import { slices, urlsOf } from "../eventing/source/endpoints.ts";
import type { Call } from "../shared/kcp/client.ts";
import { type Kubeconfig, loadKubeconfig } from "../shared/kcp/kubeconfig.ts";
import type { LogicalCluster } from "../shared/kcp/objects.ts";
import { type Client, type ClientOptions, createClient } from "../shared/kcp/rest.ts";
import { coreExport } from "../shared/names.ts";
import { systemWorkspace } from "./bootstrap/manifests.ts";
import type { GlobalOptions, Io, Values } from "./command.ts";
import { CliError, UsageError } from "./errors.ts";
import { explainError } from "./explain-error.ts";
import { homeOf } from "./session.ts";

/** Access to kcp as the functions have it: by cluster id, through the virtual workspaces of the API export. */
export interface ExportSession {
  readonly kubeconfig: Kubeconfig;
  /** Workspace of -w, else of the kubeconfig where that names an account's, else the orgs' (absolute path). */
  readonly workspace: string;
  readonly client: Client;
  /** Goes to workspaces directly. */
  readonly direct: Client;
  /** Another client of this server, which ends with the session. */
  readonly open: (basesOf?: ClientOptions["basesOf"]) => Client;
  /** Those of all workspaces that have accounts. */
  logicalClusters(call: Call): Promise<readonly LogicalCluster[]>;
}

/** Opens such a session for one command; what goes wrong in it names the server. */
export async function withExport<T>(
  options: Values<GlobalOptions>,
  io: Io,
  work: (session: ExportSession) => Promise<T>,
): Promise<T> {
  const kubeconfig = await kubeconfigOf(options, io);
  const given = { config: kubeconfig, timeoutMs: options.timeout };
  const clients: Client[] = [];
  const open: ExportSession["open"] = (basesOf) => {
    const client = createClient({ ...given, ...(basesOf && { basesOf }) });
    clients.push(client);
    return client;
  };
  try {
    const call = { signal: io.signal };
    const direct = open();
    const slice = await direct.read(slices, { cluster: systemWorkspace, name: coreExport }, call);
    const urls = urlsOf(slice);
    if (urls.length === 0) throw noExport(kubeconfig.server);
    // A list over all workspaces is answered by each shard for its own.
    const shards = urls.map((url) => open(() => [url]));
    return await work({
      kubeconfig,
      workspace: options.workspace ?? homeOf(kubeconfig),
      client: open(() => urls),
      direct,
      open,
      logicalClusters: async (each) =>
        (await Promise.all(shards.map((shard) => shard.list("LogicalCluster", "*", each)))).flat(),
    });
  } catch (error) {
    throw io.signal.aborted ? error : explainError(error, kubeconfig.server);
  } finally {
    for (const client of clients) client.close();
  }
}

function kubeconfigOf({ kubeconfig: file, context }: Values<GlobalOptions>, { env }: Io): Promise<Kubeconfig> {
  return loadKubeconfig({ ...(file && { file }), ...(context && { context }), env }).catch((cause: unknown) => {
    const next = "name the one that pm bootstrap wrote, with --kubeconfig";
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { next, cause });
  });
}

const noExport = (server: string) =>
  new CliError(`no shard serves the API export ${coreExport}`, {
    where: `${server}, ${systemWorkspace}`,
    next: "pm bootstrap, or pm doctor if that was done",
  });

import { type Kubeconfig, loadKubeconfig } from "../shared/kcp/kubeconfig.ts";
import { type Client, createClient } from "../shared/kcp/rest.ts";
import { defaultSettings } from "../shared/settings.ts";
import type { GlobalOptions, Io, Values } from "./command.ts";
import { UsageError } from "./errors.ts";

/** Direct access to kcp as the user of the kubeconfig. */
export interface Session {
  readonly client: Client;
  readonly server: string;
  /** Workspace of -w, else of the kubeconfig where that names an account's, else the orgs' (absolute path). */
  readonly workspace: string;
}

/** Reads the kubeconfig; says nothing to the server yet. */
export async function openSession(options: Values<GlobalOptions>, io: Pick<Io, "env">): Promise<Session> {
  const { kubeconfig: file, context, workspace, timeout } = options;
  const load = { ...(file && { file }), ...(context && { context }), env: io.env };
  const config = await loadKubeconfig(load).catch((cause: unknown) => {
    const next = "name one with --kubeconfig, or set KUBECONFIG";
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { next, cause });
  });
  return {
    client: createClient({ config, timeoutMs: timeout }),
    server: config.server,
    workspace: workspace ?? homeOf(config),
  };
}

/** The workspace to work in unless told: the kubeconfig's where that is an account's, else the orgs'. */
export const homeOf = ({ workspace }: Pick<Kubeconfig, "workspace">): string =>
  isAccountPath(workspace) ? workspace : defaultSettings.orgsPath;

const isAccountPath = (path: string | undefined): path is string =>
  path?.startsWith(`${defaultSettings.orgsPath}:`) ?? false;

import { steps } from "../functions/steps.ts";
import { createInvoke, type Invoke, type InvokeOptions, type Observation } from "../shared/invoke.ts";
import { createClusters } from "../shared/kcp/clusters.ts";
import type { Kubeconfig } from "../shared/kcp/kubeconfig.ts";
import { type Client, type ClientOptions, createClient } from "../shared/kcp/rest.ts";
import type { Metrics } from "../shared/metrics.ts";
import type { Outside } from "../shared/outside.ts";
import type { Backend } from "../shared/pass.ts";
import type { Settings } from "../shared/settings.ts";
import type { Records } from "./bus/archive.ts";
import { rememberingReads } from "./pass-memory.ts";
import { countingTypes, recordAccounts } from "./record-accounts.ts";
import { recordInvocations } from "./recording/recorder.ts";
import type { RunConfig } from "./run-config.ts";
import type { Security } from "./security.ts";

/** What every runtime of the functions has. */
export interface Deciding {
  readonly config: Pick<RunConfig, "settings" | "requestTimeout">;
  readonly kubeconfig: Kubeconfig;
  /** Where it is on. */
  readonly security: Security | undefined;
  readonly metrics: Metrics;
  /** Where every invocation is recorded, if any is. */
  readonly records: Records | undefined;
  /** Of the product. */
  readonly version: string;
}
export interface DecideOptions extends Deciding {
  /** Goes through the virtual workspaces of the API export. */
  readonly client: Client;
  /** Where a pass reads and writes, given what writes. */
  readonly backend: (client: Client) => Omit<Backend, "outside">;
  /** Each read asks the server: the same is asked once in an invocation. */
  readonly remembersReads?: boolean;
  /** Told besides the metrics. */
  readonly observed?: (observation: Observation) => void;
}

/** What runs one function for one event, recorded where recordings are kept. */
export function createDecide(options: DecideOptions): { readonly invoke: Invoke; readonly settings: Settings } {
  const { config, kubeconfig, security, metrics, records, version, client } = options;
  const settings: Settings = {
    ...config.settings,
    serverCa: kubeconfig.serverCa(),
    ...(security && { security: security.settings }),
  };
  const given = { config: kubeconfig, timeoutMs: config.requestTimeout };
  const open: OutsideClients["open"] = (basesOf) => createClient({ ...given, ...(basesOf && { basesOf }) });
  const outside = security && outsideOf(security, { claimed: client, direct: open(), open });
  const backend: Backend = {
    ...options.backend({ ...client, ...countingTypes(client, metrics) }),
    ...(outside && { outside }),
    ...(options.remembersReads && { forInvocation: () => rememberingReads(backend) }),
  };
  const record = recordAccounts(metrics);
  const observed = (observation: Observation) => {
    record(observation);
    options.observed?.(observation);
  };
  const deciding: InvokeOptions = { backend, settings, steps, observed };
  return { settings, invoke: records ? recordInvocations(deciding, { records, version }) : createInvoke(deciding) };
}

/** How what is outside of the watched objects is reached in kcp. */
export interface OutsideClients {
  /** Goes to workspaces directly. */
  readonly direct: Client;
  /** Goes through the virtual workspaces of the API export. */
  readonly claimed: Client;
  readonly open: (basesOf?: ClientOptions["basesOf"]) => Client;
}

export function outsideOf({ settings, fga, identity }: Security, clients: OutsideClients): Outside {
  const clusters = createClusters({ ...clients, marker: settings.marker });
  return { clusters, ...(fga && { fga }), ...(identity && { identity }) };
}

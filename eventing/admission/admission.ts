import { limitPolicies } from "../../functions/validate-account/limits.ts";
import type { Log } from "../../shared/function.ts";
import type { Kubeconfig } from "../../shared/kcp/kubeconfig.ts";
import type { Metrics } from "../../shared/metrics.ts";
import { allowedTypes } from "../../shared/naming.ts";
import { recordCertificate } from "../record-certificate.ts";
import type { RunConfig, WebhooksConfig } from "../run-config.ts";
import { createPlaces } from "./places.ts";
import { recordAdmission } from "./record-admission.ts";
import { serveAdmission } from "./server.ts";

export interface AdmissionHost {
  readonly config: Pick<RunConfig, "settings" | "requestTimeout"> & {
    readonly source: { readonly endpointSlice: string };
  };
  readonly kubeconfig: Kubeconfig;
  /** Home of the APIExportEndpointSlice. */
  readonly workspace: string;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Serves the admission webhooks until they are closed. Rejects when there is no certificate, or the port is taken. */
export async function startAdmission(
  { address, certDir, creatorAdminGroup, limits }: WebhooksConfig,
  { config, kubeconfig, workspace, log, metrics }: AdmissionHost,
): Promise<{ close(): Promise<void> }> {
  const { settings, source, requestTimeout } = config;
  const { requests } = metrics.process;
  const places = createPlaces({
    config: kubeconfig,
    workspace,
    sliceName: source.endpointSlice,
    timeoutMs: requestTimeout,
    onRequest: ({ code, method, host }) => requests.inc({ code, method, host }),
  });
  const server = await serveAdmission({
    address,
    certificate: { folder: certDir, onRead: recordCertificate(metrics, "admission") },
    deps: {
      settings: { ...settings, creatorAdminGroup },
      pathOf: places.pathOf,
      policies: limitPolicies(limits, places.accountsIn),
    },
    log,
    metrics: recordAdmission(metrics, allowedTypes(settings)),
  });
  log.info({ port: server.port }, "admission webhooks are served");
  return {
    async close() {
      await server.close();
      places.close();
    },
  };
}

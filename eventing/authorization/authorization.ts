import { createFga } from "../../shared/fga/client.ts";
import type { Log } from "../../shared/function.ts";
import type { Reader } from "../../shared/kcp/client.ts";
import type { Kubeconfig } from "../../shared/kcp/kubeconfig.ts";
import type { Metrics } from "../../shared/metrics.ts";
import { createExportReader } from "../export-reader.ts";
import { recordCertificate } from "../record-certificate.ts";
import { recordReviews } from "../record-reviews.ts";
import type { AuthorizationConfig, RunConfig } from "../run-config.ts";
import type { Store } from "../store.ts";
import { findPlaces } from "./places.ts";
import { type AuthorizationMetrics, serveAuthorization } from "./server.ts";

export interface AuthorizationHost {
  readonly config: Pick<RunConfig, "fga" | "settings"> & { readonly source: { readonly endpointSlice: string } };
  readonly kubeconfig: Kubeconfig;
  /** Home of the APIExportEndpointSlice. */
  readonly workspace: string;
  readonly log: Log;
  readonly metrics: Metrics;
  /** What the source knows, while it runs in this process; kcp is asked for everything without. */
  readonly known?: () => Store | undefined;
}

/** kcp waits for 3 s at the reference, and a user waits for every request that RBAC does not allow. In milliseconds. */
const limitMs = 2_000;

/** Serves the authorization webhook until it is closed: on every replica, whoever leads. Rejects when there is no
 *  certificate, or the port is taken. */
export async function startAuthorization(
  { address, certDir }: AuthorizationConfig,
  { config, kubeconfig, workspace, log, metrics, known }: AuthorizationHost,
): Promise<{ close(): Promise<void> }> {
  if (!config.fga) throw new Error("the authorization webhook needs OpenFGA: name it with --fga-url");
  const { requests } = metrics.process;
  const fga = createFga({ ...config.fga, timeoutMs: limitMs });
  const reader = createExportReader({
    config: kubeconfig,
    workspace,
    sliceName: config.source.endpointSlice,
    timeoutMs: limitMs,
    onRequest: ({ code, method, host }) => requests.inc({ code, method, host }),
  });
  const placeOf = findPlaces({
    reader: known ? knownFirst(known, reader) : reader,
    fga,
    orgsPath: config.settings.orgsPath,
    now: () => performance.now(),
  });
  const close = () => {
    fga.close();
    reader.close();
  };
  try {
    const server = await serveAuthorization({
      address,
      certificate: { folder: certDir, onRead: recordCertificate(metrics, "authorization") },
      deps: { placeOf, check: fga.check },
      limitMs,
      log,
      metrics: recordAuthorization(metrics),
    });
    log.info({ port: server.port }, "the authorization webhook is served");
    return {
      async close() {
        await server.close();
        close();
      },
    };
  } catch (error) {
    close();
    throw error;
  }
}

/** Reads what the source has seen, and asks kcp where it does not run now, or it has not. */
const knownFirst = (known: () => Store | undefined, reader: Pick<Reader, "get">): Pick<Reader, "get"> => ({
  get: async (kind, cluster, name, call) =>
    known()?.peek(kind, cluster, name) ?? (await reader.get(kind, cluster, name, call)),
});

function recordAuthorization(metrics: Metrics): AuthorizationMetrics {
  return {
    ...recordReviews(metrics),
    judged({ allowed, evaluationError }) {
      const result = allowed ? "allowed" : evaluationError === undefined ? "no_opinion" : "error";
      metrics.events.authorizations.inc({ result });
    },
  };
}

import { ApiError } from "../shared/kcp/client.ts";
import type { Client } from "../shared/kcp/rest.ts";
import { slices } from "./source/endpoints.ts";

/** Fails at once, and in words for people, on what would otherwise be retried for ever: kcp does not answer, its set-up is
 *  missing, or this identity may not see it. */
export async function preflight(client: Client, workspace: string, slice: string, signal: AbortSignal): Promise<void> {
  try {
    if (await client.read(slices, { cluster: workspace, name: slice }, { signal })) return;
  } catch (error) {
    if (!(error instanceof ApiError) || error.code >= 500) throw error;
    throw new Error(`${error.message}; is the kubeconfig the one that pm bootstrap wrote for the operator?`, {
      cause: error,
    });
  }
  throw new Error(`there is no APIExportEndpointSlice ${slice} in ${workspace}: run pm bootstrap first`);
}

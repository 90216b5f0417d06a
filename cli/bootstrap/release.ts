import { slices, urlsOf } from "../../eventing/source/endpoints.ts";
import { ApiError, type Call } from "../../shared/kcp/client.ts";
import { classify, messageOf } from "../../shared/kcp/errors.ts";
import { readSecurityType } from "../../shared/kcp/marker-urls.ts";
import type { Client } from "../../shared/kcp/rest.ts";
import { coreExport, securityMarker } from "../../shared/names.ts";
import { few } from "../doctor/check.ts";
import { CliError } from "../errors.ts";
import { systemWorkspace } from "./manifests.ts";
import { type Pending, pendingOf, release } from "./markers.ts";
import { maySettle } from "./wait.ts";

/** Opens the virtual workspace at a base URL, as the administrator. */
export type Views = (url: string) => Client;

/** Workspaces that wait for the security function, of a kcp that may not know it yet. */
export async function findPending(admin: Client, views: Views, call: Call): Promise<readonly Pending[]> {
  const read = (...[resource, target]: Parameters<Parameters<typeof readSecurityType>[0]>) =>
    admin.read(resource, target, call);
  const { urls } = await readSecurityType(read, securityMarker);
  const shards = await admin
    .read(slices, { cluster: systemWorkspace, name: coreExport }, call)
    .catch((error: unknown) => {
      // A kcp that was never set up has no such workspace, and kcp tells nobody about workspaces that are not there.
      if (classify(error) === "forbidden") return undefined;
      throw error;
    });
  const opened = [...urls.initializer, ...urls.terminator, ...urlsOf(shards)].map(views);
  try {
    return await pendingOf(opened, call);
  } finally {
    for (const view of opened) view.close();
  }
}

/** Throws a CliError when workspaces wait for what is about to be switched off. */
export async function refusePending(admin: Client, views: Views, call: Call): Promise<void> {
  const pending = await findPending(admin, views, call);
  if (pending.length === 0) return;
  const of = (waits: Pending["waits"]) => pending.filter((each) => each.waits === waits).map(({ path }) => path);
  const lines = (["initializing", "being deleted", "later, when deleted"] as const)
    .filter((waits) => of(waits).length > 0)
    .map((waits) => `${waits}: ${few(of(waits))}`);
  throw new CliError(`${count(pending)} for the security function`, {
    where: `${securityMarker}, in status.initializers or status.terminators of their LogicalClusters`,
    why: `without the function they would never be Ready, and never go\n         ${lines.join("\n         ")}`,
    next: "pm bootstrap --security=off --release lets them go on without it; what it made for them outside kcp (stores, realms) stays",
  });
}

/** Lets everything go that waits; `undefined` once nothing does. Without `release` it throws as refusePending. */
export async function lacksRelease(
  admin: Client,
  views: Views,
  { release: isAllowed, call }: { readonly release: boolean; readonly call: Call },
): Promise<string | undefined> {
  if (!isAllowed) {
    await refusePending(admin, views, call);
    return undefined;
  }
  const pending = await findPending(admin, views, call);
  let refusal = "";
  for (const { cluster } of pending) {
    await release(admin, cluster, call).catch((error: unknown) => {
      if (!mayBeOver(error)) throw error;
      refusal = `: ${messageOf(error)}`;
    });
  }
  return pending.length > 0 ? `until now ${count(pending)} for the security function${refusal}` : undefined;
}

/** kcp changes the same lists, which it answers with 409 or 422, and a workspace may go meanwhile: what is left is found
 *  by the next look. */
const mayBeOver = (error: unknown) => maySettle(error) || (error instanceof ApiError && error.code === 422);

const count = ({ length }: readonly Pending[]) => (length === 1 ? "1 workspace waits" : `${length} workspaces wait`);

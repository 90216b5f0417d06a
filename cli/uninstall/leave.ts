import type { Call } from "../../shared/kcp/client.ts";
import { securityMarker } from "../../shared/names.ts";
import type { Admin } from "../bootstrap/admin.ts";
import { loadSteps, type Manifest, manifestsFolder, systemWorkspace } from "../bootstrap/manifests.ts";
import type { Pending } from "../bootstrap/markers.ts";
import { isOurs, type Plan, planObject, planRemovals, readLive } from "../bootstrap/plan.ts";
import { findPending, lacksRelease } from "../bootstrap/release.ts";
import { runStep } from "../bootstrap/run-step.ts";
import { type WaitOptions, waitUntil } from "../bootstrap/wait.ts";

/** What in kcp waits for the functions; foreign plans are left alone. */
export interface Leaving {
  readonly webhooks: readonly Plan[];
  /** WorkspaceType security, if it holds workspaces back. */
  readonly type: readonly Plan[];
  readonly pending: readonly Pending[];
}

const [securityWorkspace = "", securityName = ""] = securityMarker.split(":");

export async function whatWaits({ client, views }: Admin, webhooks: readonly Manifest[], call: Call): Promise<Leaving> {
  const unwanted = { objects: webhooks, isReplaced: true };
  const type = await planType(client, call);
  const isOthers = type.some(({ isForeign }) => isForeign);
  return {
    webhooks: await planRemovals(client, { workspace: systemWorkspace, title: "", objects: [], unwanted }, call),
    type,
    pending: isOthers ? [] : await findPending(client, views, call),
  };
}

/** As bootstrap makes it with security off. */
async function planType(client: Admin["client"], call: Call): Promise<readonly Plan[]> {
  const steps = await loadSteps(manifestsFolder, { tenancyIdentityHash: "" });
  const object = steps
    .flatMap(({ objects }) => objects)
    .find(({ kind, metadata }) => kind === "WorkspaceType" && metadata.name === securityName);
  const live = object && (await readLive(client, securityWorkspace, object, call));
  if (!object || !live) return [];
  const plan = await planObject(client, securityWorkspace, object, call);
  const holds = plan.changes.some((path) => path === "spec.initializer" || path === "spec.terminator");
  return holds ? [{ ...plan, isForeign: !isOurs(live) }] : [];
}

/** Takes it away in the order in which nothing new can come to wait. */
export async function leave(
  { client, views }: Admin,
  { webhooks, type, pending }: Leaving,
  wait: Omit<WaitOptions, "next">,
): Promise<void> {
  const { limitMs: waitMs, io } = wait;
  const options = { upgrade: false, waitMs, io };
  const step = { workspace: systemWorkspace, title: "webhooks", objects: [] };
  const unwanted = { objects: webhooks.map(({ object }) => object), isReplaced: true };
  await runStep(client, { ...step, unwanted }, options);
  for (const { workspace, object, isForeign } of type) {
    if (isForeign) continue;
    await runStep(client, { workspace, title: "security off", objects: [object], asked: [object] }, options);
  }
  if (pending.length === 0) return;
  const call = { signal: io.signal };
  await waitUntil("the workspaces that wait", () => lacksRelease(client, views, { release: true, call }), {
    ...wait,
    next: "pm uninstall again goes on from here",
  });
}

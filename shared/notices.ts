import { createHash } from "node:crypto";
import { timestamp } from "./conditions.ts";
import type { Ctx, Notice } from "./function.ts";
import type { Writer } from "./kcp/client.ts";
import { classify } from "./kcp/errors.ts";
import { apiVersionOf, kinds, type Resource } from "./kcp/kinds.ts";
import type { KubeObject } from "./kcp/objects.ts";
import { fieldManager } from "./names.ts";
import type { World } from "./world.ts";

export const events: Resource = { group: "", version: "v1", plural: "events" };
/** Where Events about cluster-scoped objects are kept, so that `kubectl describe` finds them. */
const namespace = "default";

interface KubeEvent extends KubeObject {
  readonly count?: number;
}

/** Writes a Kubernetes Event on the Account; one that says the same again is counted up instead (decisions.md 13). */
export async function postNotice(
  writer: Writer,
  world: World,
  notice: Notice,
  ctx: Pick<Ctx, "now" | "signal">,
): Promise<void> {
  const { name, uid, resourceVersion } = world.account.metadata;
  const now = timestamp(ctx.now());
  const metadata = { name: `${name.slice(0, 180)}.${digest(uid, notice)}`, namespace };
  const event = {
    apiVersion: "v1",
    kind: "Event",
    metadata,
    involvedObject: { apiVersion: apiVersionOf(kinds.Account), kind: "Account", name, uid, resourceVersion },
    ...notice,
    message: notice.message.slice(0, 1024),
    source: { component: fieldManager },
    firstTimestamp: now,
    lastTimestamp: now,
    count: 1,
  };
  try {
    await writer.create<KubeEvent>(events, world.cluster, event, ctx);
  } catch (error) {
    if (classify(error) !== "already-exists") throw error;
    const target = { cluster: world.cluster, ...metadata };
    const present = await writer.mergePatch<KubeEvent>(events, target, { lastTimestamp: now }, ctx);
    await writer.mergePatch(events, target, { count: (present.count ?? 1) + 1 }, ctx);
  }
}

const digest = (uid: string, { reason, message }: Notice): string =>
  createHash("sha256").update(`${uid}\n${reason}\n${message}`).digest("hex").slice(0, 16);

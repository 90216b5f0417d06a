import { type CloudEvent, resource } from "../../shared/event.ts";
import type { Membership } from "../../shared/kcp/objects.ts";
import { type Claim, claimOf } from "./claim.ts";

/** A Membership that ended with our finalizer taken off by hand, as its last state tells: its roles are taken away all
 *  the same. One whose end nobody saw tells nothing, and its roles are foreign to pm security diff. */
export function ghostOf(event: CloudEvent, cluster: string): Claim | undefined {
  const last = event.type === resource.delete && event.kind === "Membership" && event.data;
  if (!isMembership(last) || !last.status?.roles?.length) return undefined;
  const { time = last.metadata.creationTimestamp } = event;
  const metadata = { deletionTimestamp: time, ...last.metadata, finalizers: [] };
  return { ...claimOf({ ...last, metadata }, cluster), unwanted: last.status.roles, isGone: true };
}

const isMembership = (data: unknown): data is Membership =>
  typeof data === "object" && data !== null && "spec" in data && "metadata" in data;

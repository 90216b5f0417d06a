import { type CloudEvent, fact, resource } from "../../shared/event.ts";
import type { AccountInfo } from "../../shared/kcp/objects.ts";
import type { Security } from "./info.ts";

/** fga and oidc of an AccountInfo that is gone, from the event that told of its end: from the fact's own data, or
 *  from the last object of a watched delete. A delete found by comparison carries neither (decisions.md 3). */
export function securityIn(event: CloudEvent): Security {
  if (event.type === fact.infoDeleted) return pick(event.data);
  if (event.kind === "AccountInfo" && isRecord(event.data)) return pick(event.data.spec);
  return {};
}

/** What the event tells of an AccountInfo that is gone, and the one made after it lacks: after a crash between the end
 *  of the old and the making of the new one, another event may have come first, which did not know. */
export function lostSecurity(event: CloudEvent, info: AccountInfo): Security | undefined {
  if (event.type !== fact.infoDeleted && event.type !== resource.delete) return undefined;
  const kept = securityIn(event);
  const tells = kept.oidc !== undefined || Boolean(kept.fga?.store.id);
  const { fga, oidc } = info.spec;
  // Of a creation only the second is known.
  const isLater = Date.parse(info.metadata.creationTimestamp) + 1000 > Date.parse(event.time ?? "");
  return tells && isLater && fga.store.id === "" && !oidc ? kept : undefined;
}

function pick(data: unknown): Security {
  if (!isRecord(data)) return {};
  const { fga, oidc } = data as Security;
  return { ...(fga && { fga }), ...(oidc && { oidc }) };
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

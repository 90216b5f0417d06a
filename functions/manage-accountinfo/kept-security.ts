import type { CloudEvent } from "../../shared/event.ts";
import { fact } from "../../shared/event.ts";
import type { Security } from "./info.ts";

/** fga and oidc of an AccountInfo that is gone, from the event that told of its end: from the fact's own data, or
 *  from the last object of a watched delete. A delete found by comparison carries neither (decisions.md 3). */
export function securityIn(event: CloudEvent): Security {
  if (event.type === fact.infoDeleted) return pick(event.data);
  if (event.kind === "AccountInfo" && isRecord(event.data)) return pick(event.data.spec);
  return {};
}

function pick(data: unknown): Security {
  if (!isRecord(data)) return {};
  const { fga, oidc } = data as Security;
  return { ...(fga && { fga }), ...(oidc && { oidc }) };
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

import type { CloudEvent } from "../../shared/event.ts";

/** How often an event may still be answered by another: the multi-tenant Broker's way to end a loop. */
const attribute = "knativebrokerttl";
export const initialTtl = 255;

/** One less than the event brings, or the first for an event that brings none; `undefined` when there is none left. */
export function ttlAtIngress(event: CloudEvent): number | undefined {
  const brought = (event as CloudEvent & Record<string, unknown>)[attribute];
  if (brought === undefined) return initialTtl;
  const left = Number(brought) - 1;
  return left > 0 ? left : undefined;
}

export const withTtl = (event: CloudEvent, ttl: number): CloudEvent => {
  const extension = { [attribute]: String(ttl) };
  return { ...event, ...extension };
};

/** Subscribers do not see it. */
export function withoutTtl(event: CloudEvent): CloudEvent {
  const { [attribute]: _, ...rest } = event as CloudEvent & Record<string, unknown>;
  return rest as unknown as CloudEvent;
}

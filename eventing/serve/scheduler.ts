import type { CloudEvent } from "../../shared/event.ts";
import { httpContent } from "../../shared/http-event.ts";
import { post } from "./post.ts";

/** Hands an event to one function again after `ms` milliseconds. Resolves once that is stored. */
export type Schedule = (fn: string, event: CloudEvent, ms: number) => Promise<void>;

/** The timers of the source (decisions.md 6): a function that is scaled to zero has none of its own. */
export function createSchedule(url: string): Schedule {
  const base = url.replace(/\/$/, "");
  return (fn, event, ms) => {
    const at = `${base}/schedule/${encodeURIComponent(fn)}?afterMs=${Math.round(ms)}`;
    return post(at, httpContent(event, "structured"), `handing ${event.type} to the scheduler`);
  };
}

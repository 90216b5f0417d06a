import { functions } from "../../functions/index.ts";
import { type CloudEvent, type Filter, matches, resource } from "../../shared/event.ts";
import type { AccountFunction } from "../../shared/function.ts";
import { UsageError } from "../errors.ts";
import { nearest } from "../nearest.ts";

/** Throws UsageError with the name that was probably meant. */
export function findFunction(name: string): AccountFunction {
  const found = functions.find((candidate) => candidate.name === name);
  if (found) return found;
  const names = functions.map((candidate) => candidate.name);
  const near = nearest(name, names);
  throw new UsageError(`there is no function ${name}${near ? `; did you mean ${near}?` : ""}`, {
    next: `take one of ${names.join(", ")}`,
  });
}

/** The dispatcher would never hand it an event that it does not subscribe to. Throws UsageError. */
export function checkTakes({ name, on }: AccountFunction, event: CloudEvent): void {
  if (on.some((filter) => matches(filter, event))) return;
  throw new UsageError(`${name} does not take this event: ${eventInWords(event)}`, {
    why: `it takes ${allInWords(on)}`,
    next: "pm events -o json prints events that happened; --account makes one of an account",
  });
}

/** Subscriptions for people: `Workspace update (phase Ready), io.platform-mesh.account.info-ready`. */
export const allInWords = (on: readonly Filter[]): string => on.map(inWords).join(", ");

/** `Workspace update acme (phase Ready, deleting false) in root:orgs`. */
export function eventInWords({ type, kind, phase, deleting, name, ...event }: CloudEvent): string {
  const where = event.kcppath ?? event.kcpcluster;
  const what = inWords({ type, kind, ...(phase && { phase }), ...(deleting === "true" && { deleting }) });
  return `${what}${name ? `, ${name}` : ""}${where ? ` in ${where}` : ""}`;
}

/** One subscription, or one event by the attributes that subscriptions name. */
function inWords({ type, kind, ...rest }: Readonly<Record<string, string | undefined>>): string {
  const verb = Object.entries(resource).find(([, known]) => known === type)?.[0];
  const what = verb ? `${kind ?? "any kind"} ${verb}` : [type, kind && `of ${kind}`].filter(Boolean).join(" ");
  const more = Object.entries(rest).flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${value}`]));
  return more.length > 0 ? `${what} (${more.join(", ")})` : what;
}

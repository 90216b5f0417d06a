import { type Forwarding, forwarded, resyncDue } from "../../eventing/source/cloud-event.ts";
import { Store } from "../../eventing/store.ts";
import { formatKey } from "../../shared/account-key.ts";
import { type CloudEvent, type Filter, fact, matches, resource } from "../../shared/event.ts";
import type { AccountFunction } from "../../shared/function.ts";
import type { Call } from "../../shared/kcp/client.ts";
import type { Kind } from "../../shared/kcp/kinds.ts";
import { withoutManagedFields } from "../../shared/kcp/managed-fields.ts";
import type { AccountPath } from "../account-path.ts";
import { CliError, UsageError } from "../errors.ts";
import type { ExportSession } from "../export-session.ts";
import { allInWords } from "./find-function.ts";
import { isKind, objectsOfAccount } from "./objects-of-account.ts";

export interface Wanted {
  readonly at: AccountPath;
  /** What the event is for; something that takes updates unless given. */
  readonly fn: AccountFunction | undefined;
  /** Of the object that the event is about; the first that the function takes unless given. */
  readonly kind: Kind | undefined;
  readonly now: () => number;
}

/** The event that the source emits for an object of the account as it is now: one that the function subscribes to.
 *  Throws CliError when there is none. */
export async function eventOfAccount(wanted: Wanted, session: ExportSession, call: Call): Promise<CloudEvent> {
  const { at, fn, kind, now } = wanted;
  const store = new Store();
  for (const each of await session.logicalClusters(call)) store.put("LogicalCluster", each);
  const cluster = store.clusterOfPath(at.parent);
  const account = cluster === undefined ? undefined : await session.client.get("Account", cluster, at.name, call);
  if (!cluster || !account) throw new CliError(`there is no account ${at.path}`, { next: `pm tree ${at.parent}` });
  store.put("Account", account);

  const forwarding: Forwarding = { server: session.kubeconfig.server, store, now };
  const key = formatKey({ cluster, name: at.name });
  const on = fn?.on ?? [{ type: resource.update, kind: kind ?? "Account" }];
  const made = await firstTaken(on, kind, async (verb, of) => {
    const object = await objectsOfAccount[of]({ reader: session.client, cluster, name: at.name, call });
    return object && forwarded(forwarding, verb, of, withoutManagedFields(object), key);
  });
  if (made) return made;
  if (!kind && on.some(({ type }) => type === fact.resyncDue)) return resyncDue(forwarding, account, key, now());
  throw nothingTaken(wanted, on);
}

type Make = (verb: "add" | "update", kind: Kind) => Promise<CloudEvent | undefined>;

async function firstTaken(on: readonly Filter[], only: Kind | undefined, make: Make): Promise<CloudEvent | undefined> {
  for (const filter of on) {
    const verb = (["add", "update"] as const).find((each) => resource[each] === filter.type);
    const { kind = "" } = filter;
    if (!verb || !isKind(kind) || (only && kind !== only)) continue;
    const event = await make(verb, kind);
    if (event && matches(filter, event)) return event;
  }
  return undefined;
}

function nothingTaken({ at, fn, kind }: Wanted, on: readonly Filter[]): CliError {
  const name = fn?.name ?? "the function";
  const why = `it takes ${allInWords(on)}`;
  const next = "pm events -o json prints events that happened; give one with --event";
  return kind && !on.some((filter) => filter.kind === kind)
    ? new UsageError(`${name} takes no event of ${kind}`, { why, next })
    : new CliError(`nothing of ${at.path} as it is now makes an event that ${name} takes`, { why, next });
}

import { createHash } from "node:crypto";
import { parseKey } from "../../shared/account-key.ts";
import { type CloudEvent, fact, resource } from "../../shared/event.ts";
import { apiVersionOf, type Kind, kinds } from "../../shared/kcp/kinds.ts";
import { type Account, clusterAnnotation, clusterOf, type Metadata } from "../../shared/kcp/objects.ts";
import { pathOf } from "../../shared/kcp/resource-path.ts";
import type { Store } from "../store.ts";

export type VerbOfEvent = keyof typeof resource;

/** Makes the events of one kcp; the same state of an object always gets the same id, key and trace. */
export interface Forwarding {
  /** URL of kcp without `/clusters/…`. */
  readonly server: string;
  readonly store: Store;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** An object, or what is still known of one that is gone. */
export interface Forwardable {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Pick<Metadata, "name" | "uid" | "resourceVersion"> & Partial<Metadata>;
  readonly status?: unknown;
}

/** A Kubernetes event in the form of spec/functions-and-events.md, section 2. */
export function forwarded(
  { server, store, now }: Forwarding,
  verb: VerbOfEvent,
  kind: Kind,
  object: Forwardable,
  accountkey: string | undefined,
): CloudEvent<Forwardable> {
  const cluster = object.metadata.annotations?.[clusterAnnotation] ?? "";
  const { name, namespace, uid, resourceVersion, deletionTimestamp } = object.metadata;
  const id = `${cluster}.${uid}.${verb === "delete" ? "deleted" : resourceVersion}`;
  const phase = phaseOf(kind, object);
  return {
    ...common({ server, store, now }, cluster),
    id,
    type: resource[verb],
    subject: pathOf(kinds[kind], { name, ...(namespace && { namespace }) }),
    datacontenttype: "application/json",
    ...(accountkey !== undefined && { accountkey }),
    kind,
    apiversion: apiVersionOf(kinds[kind]),
    name,
    ...(namespace && { namespace }),
    ...(phase && { phase }),
    deleting: String(verb === "delete" || deletionTimestamp !== undefined),
    traceparent: traceparent(store, id, accountkey, kind === "Account" ? uid : undefined),
    data: object,
  };
}

/** Tells the functions to look at an account again; `n` keeps two of them apart on the bus. */
export function resyncDue(forwarding: Forwarding, account: Account, accountkey: string, n: number): CloudEvent {
  const { name, uid, resourceVersion } = account.metadata;
  const cluster = clusterOf(account);
  const id = `${cluster}.${uid}.${resourceVersion}.resync.${n}`;
  return {
    ...common(forwarding, cluster),
    id,
    type: fact.resyncDue,
    subject: pathOf(kinds.Account, { name }),
    accountkey,
    kind: "Account",
    apiversion: apiVersionOf(kinds.Account),
    name,
    traceparent: traceparent(forwarding.store, id, accountkey, uid),
  };
}

function common({ server, store, now }: Forwarding, cluster: string) {
  const kcppath = store.pathOf(cluster);
  return {
    specversion: "1.0",
    source: `${server}/clusters/${cluster}`,
    time: new Date(now()).toISOString(),
    kcpcluster: cluster,
    ...(kcppath && { kcppath }),
  } as const;
}

const phases: ReadonlySet<Kind> = new Set(["Workspace", "LogicalCluster", "APIBinding"]);

function phaseOf(kind: Kind, { status }: Forwardable): string | undefined {
  if (!phases.has(kind) || typeof status !== "object" || status === null || !("phase" in status)) return undefined;
  return typeof status.phase === "string" ? status.phase : undefined;
}

/** One account is one trace: its id comes from the Account's uid, or from the key while the Account is not known. */
function traceparent(store: Store, id: string, accountkey: string | undefined, uid: string | undefined): string {
  const key = parseKey(accountkey);
  const accountUid = uid ?? (key && store.peek("Account", key.cluster, key.name)?.metadata.uid);
  return `00-${digest(accountUid ?? accountkey ?? id, 32)}-${digest(id, 16)}-01`;
}

const digest = (text: string, length: number): string =>
  createHash("sha256").update(text).digest("hex").slice(0, length);

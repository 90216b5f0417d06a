import type { StoredEvent } from "../../eventing/bus/bus.ts";
import { formatKey, parseKey } from "../../shared/account-key.ts";
import type { CloudEvent } from "../../shared/event.ts";
import type { Call } from "../../shared/kcp/client.ts";
import { clusterOf } from "../../shared/kcp/objects.ts";
import type { Client } from "../../shared/kcp/rest.ts";
import { logicalClusterName } from "../../shared/names.ts";
import type { AccountPath } from "../account-path.ts";

/** Tells which events are about an account or anything below it. Events name logical clusters by id, so that ids are
 *  learned: from kcp at first, and from the Workspaces that pass by. */
export class Scope {
  readonly #at: AccountPath;
  readonly #keys = new Set<string>();
  readonly #clusters = new Set<string>();

  private constructor(at: AccountPath) {
    this.#at = at;
  }

  /** Works for an account that is gone too. */
  static async of(at: AccountPath, client: Client, call: Call): Promise<Scope> {
    const scope = new Scope(at);
    const parent = await client.get("LogicalCluster", at.parent, logicalClusterName, call);
    const workspace = await client.get("Workspace", at.parent, at.name, call);
    if (parent) scope.#keys.add(formatKey({ cluster: clusterOf(parent), name: at.name }));
    if (workspace?.spec?.cluster) scope.#clusters.add(workspace.spec.cluster);
    return scope;
  }

  /** For events that are all there is, as in a file: they are read once before, to learn from. */
  static async from(at: AccountPath, history: AsyncIterable<StoredEvent>): Promise<Scope> {
    const scope = new Scope(at);
    for await (const { event } of history) scope.holds(event);
    return scope;
  }

  holds(event: CloudEvent): boolean {
    if (this.#isItself(event) && event.accountkey) this.#keys.add(event.accountkey);
    const held = this.#isBelow(event.kcppath) || this.#has(event.kcpcluster) || this.#isAbout(event.accountkey);
    const owned = held && event.kind === "Workspace" ? ownedCluster(event.data) : undefined;
    if (owned) this.#clusters.add(owned);
    return held;
  }

  /** The Account, or the Workspace of the same name beside it. */
  #isItself({ kind, name, kcppath }: CloudEvent): boolean {
    return (kind === "Account" || kind === "Workspace") && name === this.#at.name && kcppath === this.#at.parent;
  }

  #isAbout(key: string | undefined): boolean {
    return key !== undefined && (this.#keys.has(key) || this.#has(parseKey(key)?.cluster));
  }

  #has(cluster: string | undefined): boolean {
    return cluster !== undefined && this.#clusters.has(cluster);
  }

  #isBelow(path: string | undefined): boolean {
    return path === this.#at.path || (path?.startsWith(`${this.#at.path}:`) ?? false);
  }
}

/** `spec.cluster` of a Workspace. */
function ownedCluster(data: unknown): string | undefined {
  const { spec } = data && typeof data === "object" && "spec" in data ? data : {};
  const { cluster } = spec && typeof spec === "object" && "cluster" in spec ? spec : {};
  return typeof cluster === "string" ? cluster : undefined;
}

import { FileMap } from "../../eventing/bus/file-map.ts";
import type { CloudEvent } from "../../shared/event.ts";
import { decodeEvent, encodeEvent } from "../../shared/event-codec.ts";
import { ttlAtIngress, withTtl } from "./ttl.ts";

/** An event that a Broker has accepted, and the Triggers that it was not delivered to yet. */
export interface Stored {
  readonly id: string;
  readonly event: CloudEvent;
  readonly ttl: number;
  /** `<namespace>/<name>` of the Broker. */
  readonly broker: string;
  readonly pending: Set<string>;
}

/** What the multi-tenant double has accepted and not delivered: in a folder, so that a kill loses none, or in memory. */
export class Backlog {
  readonly #stored = new Map<string, Stored>();
  readonly #file: FileMap | undefined;
  #next = 1;

  private constructor(file: FileMap | undefined) {
    this.#file = file;
  }

  static async open(folder: string | undefined): Promise<Backlog> {
    const backlog = new Backlog(folder === undefined ? undefined : await FileMap.open(folder, "backlog"));
    await backlog.#load();
    return backlog;
  }

  get all(): readonly Stored[] {
    return [...this.#stored.values()];
  }

  /** Resolves once it is stored. */
  async add(broker: string, event: CloudEvent, ttl: number, triggers: Iterable<string>): Promise<Stored> {
    const id = String(this.#next++);
    const stored: Stored = { id, broker, event, ttl, pending: new Set(triggers) };
    if (stored.pending.size === 0) return stored;
    this.#stored.set(id, stored);
    const json = new TextDecoder().decode(encodeEvent(withTtl(event, ttl + 1)));
    await this.#file?.set(["event", id], JSON.stringify({ broker, event: json }));
    await Promise.all([...stored.pending].map(async (uid) => this.#file?.set(["pending", `${id}/${uid}`], "")));
    return stored;
  }

  async done({ id, pending }: Stored, uid: string): Promise<void> {
    pending.delete(uid);
    await this.#file?.delete(["pending", `${id}/${uid}`]);
    if (pending.size > 0 || !this.#stored.delete(id)) return;
    await this.#file?.delete(["event", id]);
  }

  async close(): Promise<void> {
    await this.#file?.close();
  }

  async #load(): Promise<void> {
    const pending = [...((await this.#file?.entries(["pending"])) ?? new Map<string, unknown>()).keys()];
    for (const [id, { text }] of (await this.#file?.entries(["event"])) ?? []) {
      const { broker, event: json } = JSON.parse(text) as { readonly broker: string; readonly event: string };
      const { knativebrokerttl: _, ...event } = decodeEvent({
        body: new TextEncoder().encode(json),
        headers: [],
      }) as CloudEvent & {
        readonly knativebrokerttl?: string;
      };
      const ttl = ttlAtIngress(decodeEvent({ body: new TextEncoder().encode(json), headers: [] })) ?? 1;
      const uids = pending.filter((key) => key.startsWith(`${id}/`)).map((key) => key.slice(id.length + 1));
      this.#stored.set(id, { id, broker, event, ttl, pending: new Set(uids) });
      this.#next = Math.max(this.#next, Number(id) + 1);
    }
  }
}

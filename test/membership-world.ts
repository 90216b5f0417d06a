import manageMembership from "../functions/manage-membership/index.ts";
import type { CloudEvent } from "../shared/event.ts";
import type { Fga } from "../shared/fga/fga.ts";
import type { Outcome, OwnEvent } from "../shared/function.ts";
import { createInvoke, type Invoke } from "../shared/invoke.ts";
import type { AccountInfo, MemberRole, Membership } from "../shared/kcp/objects.ts";
import { conditionOf } from "../shared/membership.ts";
import { finalizer } from "../shared/names.ts";
import type { Clusters } from "../shared/outside.ts";
import { defaultSecurity, defaultSettings, type SecuritySettings } from "../shared/settings.ts";
import { FakeFga } from "./fake-fga.ts";
import { FakeIdentity } from "./fake-identity.ts";
import { FakeKcp, orgsCluster } from "./fake-kcp.ts";
import { forwarded, startOfTime } from "./run-functions.ts";

const location = (name: string, origin: string, path: string, type: string) => ({
  name,
  originClusterId: origin,
  generatedClusterId: `${name}-id`,
  path,
  url: `https://kcp.example/clusters/${path}`,
  type,
});
const acme = location("acme", orgsCluster, "root:orgs:acme", "org");
const ignore = () => {};
const log = { debug: ignore, info: ignore, warn: ignore, error: ignore };

const clusters: Clusters = {
  discover: async () => [],
  readSecret: async () => undefined,
  releaseMarker: async () => undefined,
};
const security: SecuritySettings = { ...defaultSecurity, baseDomain: "portal.example" };

/** Org acme (cluster acme-id) with account team (cluster team-id), both secured, and manage-membership. */
export class MembershipWorld {
  readonly kcp = new FakeKcp();
  readonly fga = new FakeFga();
  readonly identity = new FakeIdentity();
  readonly facts: OwnEvent[] = [];
  store = "";
  now = startOfTime;
  #count = 0;
  readonly #invoke: Invoke;

  /** On the fake OpenFGA unless there is a real one. */
  constructor(settings: Partial<SecuritySettings> = {}, real?: { readonly fga: Fga; readonly store: string }) {
    const fga = real?.fga ?? this.fga;
    this.store = real?.store ?? this.fga.store("acme");
    const { kcp, identity } = this;
    const backend = {
      reader: kcp.reader,
      writer: kcp.writer,
      refresh: kcp.refresh.bind(kcp),
      outside: { fga, identity, clusters },
    };
    this.#invoke = createInvoke({
      backend,
      settings: { ...defaultSettings, security: { ...security, ...settings } },
      steps: [],
    });
    this.#account("acme", orgsCluster, "root:orgs:acme");
    this.#account("team", "acme-id", "root:orgs:acme:team");
    this.secure();
    kcp.written();
  }

  #account(name: string, cluster: string, path: string): void {
    const { kcp } = this;
    const type = cluster === orgsCluster ? "org" : "account";
    kcp.account(name, { type, creator: `creator-of-${name}@x.io` }, cluster);
    kcp.put("Workspace", cluster, { metadata: { name } });
    kcp.schedule(path, "Ready", cluster);
    const account = location(name, cluster, path, type);
    const spec: AccountInfo["spec"] = {
      ...{ account, organization: acme, clusterInfo: { ca: "" } },
      fga: { store: { id: "" } },
    };
    kcp.put("AccountInfo", `${name}-id`, { metadata: { name: "account" }, spec } as never);
  }

  /** What security-init writes into both AccountInfos. */
  secure(store = this.store, clientId = "portal"): void {
    const oidc = { issuerUrl: "https://idp.example/realms/acme", clients: { acme: { clientId } } };
    for (const cluster of ["acme-id", "team-id"]) {
      this.kcp.change("AccountInfo", cluster, "account", { spec: { fga: { store: { id: store } }, oidc } });
    }
  }

  member(name: string, role: MemberRole, { cluster = "acme-id", subject = `${name}@x.io` } = {}): void {
    this.kcp.put("Membership", cluster, { metadata: { name }, spec: { subject, role } } as never);
  }

  edit(name: string, spec: Partial<Membership["spec"]>, cluster = "acme-id"): void {
    const { generation = 1 } = this.get(name, cluster)?.metadata ?? {};
    this.kcp.change("Membership", cluster, name, { spec, metadata: { generation: generation + 1 } });
  }

  remove(name: string, cluster = "acme-id"): void {
    this.kcp.delete(`Membership ${cluster} ${name}`);
  }

  get(name: string, cluster = "acme-id"): Membership | undefined {
    return this.kcp.get("Membership", cluster, name);
  }

  /** A condition as `True|Granted|the message`. */
  says(name: string, type = "Ready", cluster = "acme-id"): string | undefined {
    const membership = this.get(name, cluster);
    const { status, reason, message } = (membership && conditionOf(membership, type)) ?? {};
    return status && [status, reason, message].join("|");
  }

  isHeld(name: string, cluster = "acme-id"): boolean {
    return this.get(name, cluster)?.metadata.finalizers?.includes(finalizer.membership) ?? false;
  }

  /** A change of a Membership in the cluster reaches the function. */
  event(cluster = "acme-id", about: Partial<CloudEvent> = {}): CloudEvent {
    const key = cluster === "acme-id" ? `${orgsCluster}/acme` : "acme-id/team";
    return { ...forwarded("Membership", key, { cluster }), id: `event-${++this.#count}`, ...about };
  }

  async invoke(event: CloudEvent, attempt = 1): Promise<Outcome> {
    const ctx = { now: () => this.now, signal: new AbortController().signal, attempt, log };
    const outcome = await this.#invoke(manageMembership, event, ctx);
    this.facts.push(...outcome.events);
    return outcome;
  }

  /** The function runs until it writes nothing, each time woken by what it wrote; answers the last outcome. */
  async settle(cluster = "acme-id"): Promise<Outcome> {
    for (let runs = 0; runs < 10; runs++) {
      const outcome = await this.invoke(this.event(cluster));
      if (this.kcp.written().length === 0) return outcome;
    }
    throw new Error("it never comes to rest");
  }

  /** Facts told since the last time, each once however often it was told, as `granted member bob@x.io`. */
  told(): readonly string[] {
    const facts = new Map(this.facts.splice(0).map((event) => [event.id, event]));
    return [...facts.values()].map(({ type, data }) => {
      const { role, subject, before, after } = data as Record<string, unknown>;
      return `${type.split(".").at(-1)} ${role} ${subject}${before === after ? " without a change" : ""}`;
    });
  }
}

import { wantedTypes } from "../functions/create-workspace/workspace-types.ts";
import type { CloudEvent } from "../shared/event.ts";
import type { Outcome, OwnEvent } from "../shared/function.ts";
import type { Account, AccountInfo, SecurityStepRecord } from "../shared/kcp/objects.ts";
import { finalizer, label, logicalClusterName } from "../shared/names.ts";
import type { Service } from "../shared/outside.ts";
import { defaultSecurity, defaultSettings, type SecuritySettings } from "../shared/settings.ts";
import { Crash, Crashing } from "./crashing.ts";
import { FakeClusters } from "./fake-clusters.ts";
import { FakeFga } from "./fake-fga.ts";
import { FakeIdentity } from "./fake-identity.ts";
import { FakeKcp, orgsCluster } from "./fake-kcp.ts";
import { type About, Functions, forwarded } from "./run-functions.ts";

export const marker = defaultSecurity.marker;
export const acme = `${orgsCluster}/acme`;
export const team = "acme-id/team";

const locationOf = (account: Account, cluster: string, path: string): AccountInfo["spec"]["account"] => ({
  ...{ name: account.metadata.name, type: account.spec.type, originClusterId: cluster },
  ...{ generatedClusterId: `${account.metadata.name}-id`, path, url: `https://kcp.example/clusters/${path}` },
});

/** A kcp with security switched on, an OpenFGA, an identity provider, and security-init. kcp's own doing, and that of
 *  the other functions, is a test's to play. */
export class SecurityWorld {
  readonly kcp = new FakeKcp();
  readonly fga = new FakeFga();
  readonly identity = new FakeIdentity();
  readonly clusters = new FakeClusters(this.kcp, marker);
  readonly backend: Crashing;
  readonly run: Functions;
  /** What was told, each fact once for each time. */
  readonly facts: OwnEvent[] = [];
  #count = 0;

  constructor(security: Partial<SecuritySettings> = {}, without: readonly Service[] = []) {
    const { kcp, fga, identity, clusters } = this;
    const outside = {
      clusters,
      ...(!without.includes("fga") && { fga }),
      ...(!without.includes("identity") && { identity }),
    };
    const { reader, writer } = kcp;
    this.backend = new Crashing({ reader, writer, refresh: kcp.refresh.bind(kcp), outside });
    const settings = {
      ...defaultSettings,
      security: { ...defaultSecurity, baseDomain: "portal.example", ...security },
    };
    this.run = new Functions(this.backend, settings);
  }

  /** An org whose workspace kcp holds for us, with all that the functions before have made. */
  org(name = "acme", spec: Partial<Account["spec"]> = {}): string {
    this.kcp.account(name, { creator: "alice@x.io", ...spec });
    for (const { name: type, spec: wanted } of wantedTypes(name, defaultSettings.orgsPath)) {
      const metadata = { name: type, labels: { [label.org]: name } };
      this.kcp.put("WorkspaceType", orgsCluster, { metadata, spec: wanted } as never);
    }
    return this.#held(name, orgsCluster, `root:orgs:${name}`);
  }

  /** An account below the org; its AccountInfo is copied from the workspace around it. */
  account(name = "team", { cluster = "acme-id", path = "root:orgs:acme", creator = "bob@x.io" } = {}): string {
    this.kcp.account(name, { type: "account", creator }, cluster);
    return this.#held(name, cluster, `${path}:${name}`);
  }

  #held(name: string, cluster: string, path: string): string {
    this.makeWorkspace(name, cluster, path);
    this.makeInfo(name, cluster, path);
    this.kcp.written();
    return `${cluster}/${name}`;
  }

  /** The Workspace as create-workspace and kcp make it; `isHeld` unless security was off then. */
  makeWorkspace(name: string, cluster: string, path: string, { isHeld = true, id = `${name}-id` } = {}): void {
    const account = this.accountOf(`${cluster}/${name}`);
    const ownerReferences = [{ kind: "Account", name, uid: account.metadata.uid }];
    const type = { name: `acme-${account.spec.type}`, path: "root:orgs" };
    this.kcp.put("Workspace", cluster, {
      metadata: { name, ownerReferences, finalizers: ["kcp"] },
      spec: { type },
    } as never);
    this.kcp.schedule(path, isHeld ? "Initializing" : "Ready", cluster);
    this.kcp.change("Workspace", cluster, name, { spec: { cluster: id } });
    if (id !== `${name}-id`) this.kcp.cluster(id, path, isHeld ? "Initializing" : "Ready");
    if (isHeld)
      this.#changeCluster(id, { status: { initializers: [marker, "system:apibindings"], terminators: [marker] } });
  }

  /** AccountInfo as manage-accountinfo makes it. */
  makeInfo(name: string, cluster: string, path: string, id = `${name}-id`): void {
    const account = locationOf(this.accountOf(`${cluster}/${name}`), cluster, path);
    const parent = this.kcp.get("AccountInfo", cluster, "account")?.spec;
    const inherited = parent && {
      parentAccount: parent.account,
      fga: parent.fga,
      ...(parent.oidc && { oidc: parent.oidc }),
    };
    const spec = { account, organization: parent?.organization ?? account, clusterInfo: { ca: "" } };
    const none = { fga: { store: { id: "" } } };
    this.kcp.put("AccountInfo", id, {
      metadata: { name: "account", finalizers: [finalizer.info] },
      spec: { ...spec, ...none, ...inherited },
    } as never);
  }

  #changeCluster(id: string, patch: object): void {
    this.kcp.change("LogicalCluster", id, logicalClusterName, patch);
  }

  accountOf(key: string): Account {
    const [cluster = "", name = ""] = key.split("/");
    const account = this.kcp.get("Account", cluster, name);
    if (!account) throw new Error(`no Account ${key}`);
    return account;
  }

  /** Cluster id of the account's own workspace. */
  clusterOf(key: string): string {
    const [cluster = "", name = ""] = key.split("/");
    return this.kcp.workspace(name, cluster)?.spec?.cluster ?? `${name}-id`;
  }

  /** An event of its own id. */
  event(kind: string, key: string, about: About & Pick<CloudEvent, "kcppath"> = {}): CloudEvent {
    const inside = kind === "AccountInfo" || kind === "LogicalCluster" || kind === "APIBinding";
    const { verb, cluster = inside ? this.clusterOf(key) : undefined, phase, deleting, data, ...more } = about;
    const given = { verb, cluster, phase, deleting, data };
    const known = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
    const time = new Date(this.run.now).toISOString();
    return { ...forwarded(kind, key, known), time, id: `event-${++this.#count}`, ...more };
  }

  held(key: string): CloudEvent {
    return this.event("LogicalCluster", key, { verb: "add", phase: "Initializing", kcppath: this.pathOf(key) });
  }

  ending(key: string): CloudEvent {
    return this.event("LogicalCluster", key, { phase: "Terminating", deleting: true, kcppath: this.pathOf(key) });
  }

  pathOf(key: string): string {
    const cluster = this.kcp.get("LogicalCluster", this.clusterOf(key), logicalClusterName);
    return cluster?.metadata.annotations?.["kcp.io/path"] ?? "";
  }

  async invoke(event: CloudEvent, attempt = 1): Promise<Outcome> {
    this.run.signal = this.backend.start();
    const outcome = await this.run.invoke("security-init", event, attempt);
    this.facts.push(...outcome.events);
    return outcome;
  }

  /** Delivers the event, and again after a crash or after the time that it asks for, until it is through. */
  async deliver(event: CloudEvent): Promise<Outcome> {
    for (let attempt = 1, left = 20; left > 0; left--) {
      const outcome = await this.invoke(event, attempt).catch((error: unknown) => {
        if (!(error instanceof Crash)) throw error;
        return undefined;
      });
      if (!outcome) attempt++;
      else if (outcome.kind !== "requeue") return outcome;
      else this.run.now += outcome.ms;
    }
    throw new Error("it never comes to rest");
  }

  /** Secured, made ready by kcp, and looked at once more by whatever changed on the way. */
  async secure(key: string): Promise<Outcome> {
    const outcome = await this.deliver(this.held(key));
    this.becomeReady(key);
    await this.deliver(this.event("AccountInfo", key));
    return outcome;
  }

  /** kcp's part once nothing holds the workspace. */
  becomeReady(key: string): void {
    const [cluster = "", name = ""] = key.split("/");
    const id = this.clusterOf(key);
    const { initializers = [] } = this.kcp.get("LogicalCluster", id, logicalClusterName)?.status ?? {};
    if (initializers.includes(marker)) return;
    this.#changeCluster(id, { status: { phase: "Ready", initializers: [] } });
    this.kcp.change("Workspace", cluster, name, { status: { phase: "Ready" } });
  }

  /** Somebody deletes the Account, and remove-workspace the Workspace. */
  remove(key: string): void {
    const [cluster = "", name = ""] = key.split("/");
    const finalizers = [...(this.accountOf(key).metadata.finalizers ?? []), "account.core.platform-mesh.io/finalizer"];
    this.kcp.change("Account", cluster, name, { metadata: { finalizers } });
    this.kcp.delete(`Account ${key.replace("/", " ")}`);
    this.kcp.delete(`Workspace ${key.replace("/", " ")}`);
    this.kcp.written();
  }

  /** Nothing at all was changed anywhere since the last call. */
  changes(): readonly string[] {
    const released = this.clusters.released.splice(0);
    return [...this.kcp.written(), ...this.fga.asked(), ...this.identity.changed(), ...released];
  }

  condition(key: string, type = "SecuritySubroutine"): string | undefined {
    const found = this.accountOf(key).status?.conditions?.find((each) => each.type === type);
    return found && [found.status, found.reason, found.message].join("|");
  }

  /** The parts, as `store: Done`; with the message of one that is not. */
  steps(key: string): readonly string[] {
    const steps = this.accountOf(key).status?.security?.steps ?? [];
    return steps.map(({ name, state, message }) => `${name}: ${state === "Done" ? state : `${state} ${message}`}`);
  }

  step(key: string, name: string): SecurityStepRecord | undefined {
    return this.accountOf(key).status?.security?.steps.find((step) => step.name === name);
  }

  secret(name: string): Readonly<Record<string, string>> | undefined {
    const data = this.kcp.objects.get(`Secret ${orgsCluster} ${name}`)?.data;
    if (!data) return undefined;
    return Object.fromEntries(
      Object.entries(data).map(([key, value]) => [key, Buffer.from(String(value), "base64").toString()]),
    );
  }

  /** Facts told since the last time, each once however often it was told, by type and what tells them apart. */
  told(): readonly string[] {
    const facts = new Map(this.facts.splice(0).map((event) => [event.id ?? event.type, event]));
    return [...facts.values()].map(({ type, data }) => {
      const { what, name, why } = (data ?? {}) as Record<string, string | undefined>;
      return [type.split(".").at(-1), what ?? why, name].filter(Boolean).join(" ");
    });
  }
}

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { forwarded, resyncDue, type VerbOfEvent } from "../../eventing/source/cloud-event.ts";
import { Store } from "../../eventing/store.ts";
import { formatKey } from "../../shared/account-key.ts";
import type { CloudEvent } from "../../shared/event.ts";
import type { Kind } from "../../shared/kcp/kinds.ts";
import { clusterOf, type ObjectOf } from "../../shared/kcp/objects.ts";
import { BareKcp, eventually } from "../bare-kcp.ts";
import { Gate, isWrite, told } from "../e2e/gate.ts";
import { orgs, Person } from "../e2e/person.ts";
import { type ScriptedServer, scriptedServer } from "../scripted-server.ts";
import { startEmbedded } from "../servers.ts";
import type { Surroundings } from "./runtime.ts";

/** A kcp that is set up, whatever functions need beside it, and sight of all that they do. */
export class Stage {
  readonly person: Person;
  readonly gate: Gate;
  readonly surroundings: Surroundings;
  /** Facts and events that functions posted: to the sink, and to the scheduler. */
  readonly #posted: ScriptedServer;
  readonly #bare: BareKcp;
  /** Cluster id of root:orgs. */
  readonly orgsCluster: string;

  private constructor(parts: Pick<Stage, "person" | "gate" | "surroundings" | "orgsCluster"> & StageServers) {
    this.person = parts.person;
    this.gate = parts.gate;
    this.surroundings = parts.surroundings;
    this.orgsCluster = parts.orgsCluster;
    this.#posted = parts.posted;
    this.#bare = parts.bare;
  }

  static async start(): Promise<Stage> {
    // What kcp does by itself is done at once, and is never half done when a function looks.
    const bare = await BareKcp.start(startEmbedded({ latencyMs: 0 }));
    const { code, err } = await bare.bootstrap("--admission=none");
    if (code !== 0) throw new Error(err);
    const { kcp, folder } = bare;
    const gate = await Gate.open(kcp);
    const kubeconfig = join(folder, "gated.kubeconfig");
    const operator = await readFile(bare.operatorFile, "utf8");
    await writeFile(kubeconfig, operator.replaceAll(kcp.url, gate.url), { mode: 0o600 });
    const posted = await scriptedServer((_, response) => void response.writeHead(202).end());
    const person = await Person.withKubeconfig(kcp.adminKubeconfig, "base");
    const cluster = await person.client.get("LogicalCluster", orgs, "cluster");
    return new Stage({
      ...{ bare, person, gate, posted },
      orgsCluster: cluster ? clusterOf(cluster) : "",
      surroundings: {
        ...{ kubeconfig, folder },
        sinkUrl: `${posted.url}/sink`,
        schedulerUrl: posted.url,
      },
    });
  }

  async stop(): Promise<void> {
    await this.#posted[Symbol.asyncDispose]();
    await this.gate.close();
    await this.#bare.stop();
  }

  /** Writes to kcp since a mark of the gate, with the name of the org told as ORG. */
  writesSince(mark: number, org: string): readonly string[] {
    return this.gate
      .since(mark)
      .filter(isWrite)
      .map((write) => told(write).replaceAll(org, "ORG"));
  }

  /** What came to the sink after the first `mark` posts. */
  sunkSince(mark: number): readonly CloudEvent[] {
    const posts = this.#posted.seen.slice(mark).filter(({ url }) => url.pathname === "/sink");
    return posts.map(({ body }) => JSON.parse(body));
  }

  /** Paths, with the query, of what came to the scheduler. */
  scheduledSince(mark: number): readonly string[] {
    const posts = this.#posted.seen.slice(mark).filter(({ url }) => url.pathname !== "/sink");
    return posts.map(({ url }) => url.pathname + url.search);
  }

  get posts(): number {
    return this.#posted.seen.length;
  }

  /** The event of an object as the source forwards it, long after it happened, so that nothing is left to a second look. */
  event(verb: VerbOfEvent, kind: Kind, object: ObjectOf[Kind], account: AccountName): CloudEvent {
    const { data, ...event } = forwarded(this.#forwarding(), verb, kind, object, this.keyOf(account));
    return { ...event, time: longAgo, data };
  }

  resync(account: ObjectOf["Account"]): CloudEvent {
    const { name } = account.metadata;
    return resyncDue(this.#forwarding(), account, this.keyOf({ name, cluster: clusterOf(account) }), Date.now());
  }

  keyOf({ name, cluster = this.orgsCluster }: AccountName): string {
    return formatKey({ cluster, name });
  }

  async eventOfNewAccount(name: string): Promise<CloudEvent> {
    return this.event("add", "Account", await this.person.apply(orgs, name), { name });
  }

  /** Of the account of an event: look again. */
  resyncOf({ data }: CloudEvent): CloudEvent {
    return this.resync(data as ObjectOf["Account"]);
  }

  /** Paths of the requests to kcp since a mark that name it. */
  requestsAbout(name: string, mark: number): readonly string[] {
    const paths = this.gate.since(mark).map(({ path }) => path);
    return paths.filter((path) => path.split("/").includes(name));
  }

  /** From now on the product learns of no write to the object of that name, until they are released. */
  holdWrites(name: string): { readonly reached: Promise<void>; release(): void } {
    const reached = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    this.gate.afterWrite = async ({ path }) => {
      if (!path.split("/").includes(name)) return;
      reached.resolve();
      await released.promise;
    };
    const release = () => {
      this.gate.afterWrite = undefined;
      released.resolve();
    };
    return { reached: reached.promise, release };
  }

  /** Waits until kcp has made what follows from a Workspace. */
  async workspaceReady(name: string): Promise<ObjectOf["Workspace"]> {
    const found = await eventually(
      () => this.person.client.get("Workspace", orgs, name),
      (workspace) => workspace?.status?.phase === "Ready",
    );
    if (!found) throw new Error(`no Workspace ${name}`);
    return found;
  }

  #forwarding() {
    return { server: this.gate.url, store: new Store(), now: Date.now };
  }
}

export interface AccountName {
  readonly name: string;
  /** Of the workspace that holds the Account; that of the orgs unless given. */
  readonly cluster?: string;
}
interface StageServers {
  readonly bare: BareKcp;
  readonly posted: ScriptedServer;
}

const longAgo = "2026-01-01T00:00:00.000Z";

import { createEmbedded, type Embedded, type EmbeddedOptions } from "../../embedded/embedded.ts";
import { createMemoryBus } from "../../eventing/bus/memory.ts";
import type { DispatchMetrics } from "../../eventing/dispatch-metrics.ts";
import type { HttpRequest } from "../../shared/kcp/http.ts";
import { clusterAnnotation, clusterOf, type Metadata } from "../../shared/kcp/objects.ts";
import { createClient } from "../../shared/kcp/rest.ts";
import { type ManualClock, manualClock } from "../manual-clock.ts";
import type { Action, Fault, Refusal } from "./action.ts";
import { Faults, randomFrom } from "./faults.ts";
import { faultyBus } from "./faulty-bus.ts";
import { Person } from "./person.ts";
import { Product } from "./product.ts";
import { Wire } from "./wire.ts";
import { find, pathIn, worldOf } from "./world.ts";

/** What kcp's controllers take for each step, and each request at most, in milliseconds. */
const latencyMs = 20;
const lagMs = 8;
/** Between two actions that have no wait between them, at most, in milliseconds. */
const gapMs = 40;

export interface StageOptions extends Required<Pick<EmbeddedOptions, "dataFile" | "users">> {
  /** Token of the functions' user. */
  readonly operator: string;
  readonly salt: number;
}

/** The control plane, the product, a person and all that goes wrong, in a time of their own. */
export class Stage {
  readonly clock: ManualClock;
  readonly faults = new Faults();
  readonly person: Person;
  readonly embedded: Embedded;
  /** What the product has done so far; a notice is a Kubernetes Event. */
  readonly did = { writes: 0, notices: 0, invocations: 0 };
  readonly deadLetters: string[] = [];
  /** AccountInfos that let their workspace go though there were accounts in it. */
  readonly releasedEarly: string[] = [];
  /** Uids of accounts that were made in a workspace on its way out. */
  readonly #late = new Set<string>();
  readonly #random: () => number;
  readonly #wire: Wire;
  readonly #operator: string;
  #bus: ReturnType<typeof createMemoryBus>;
  #product: Product;

  private constructor(embedded: Embedded, clock: ManualClock, { operator, salt }: StageOptions) {
    this.embedded = embedded;
    this.clock = clock;
    this.#operator = operator;
    this.#random = randomFrom(salt);
    this.#wire = new Wire({ embedded, clock, random: this.#random });
    const config = { server: "https://embedded", tls: {}, headers: async () => ({}) };
    const http = this.#wire.http({ token: embedded.adminToken, lagMs: 0 });
    this.person = new Person(createClient({ config, http }));
    this.#bus = createMemoryBus({ clock });
    this.#product = this.#start();
    embedded.store.subscribe(({ type, storage, object }) => {
      if (type === "ADDED" && storage.startsWith("accounts.")) this.#added(object.metadata);
      if (type === "DELETED" && storage.startsWith("accountinfos."))
        this.#released(object.metadata.annotations?.[clusterAnnotation] ?? "");
    });
  }

  static async set(options: StageOptions, onError: (error: string) => void): Promise<Stage> {
    const clock = manualClock();
    const { dataFile, users } = options;
    const tell = (where: string, error: unknown) => onError(`${where}: ${error}`);
    const settings = { dataFile, users, tls: false, clock, latencyMs, onError: tell };
    return new Stage(await createEmbedded(settings), clock, options);
  }

  /** Lets it happen, and a moment pass. */
  async perform(action: Action): Promise<void> {
    if (action.does === "wait") await this.clock.pass(action.ms);
    else if (action.does === "fault") await this.#strike(action.fault);
    else await this.person.act(action);
    await this.clock.pass(Math.floor(this.#random() * gapMs));
  }

  /** How many timers run all the time: at some moments a bookmark is on its way besides. */
  async timers(): Promise<number> {
    let fewest = this.clock.pending;
    for (let moment = 0; moment < 5; moment++) {
      await this.clock.pass(3 * lagMs);
      fewest = Math.min(fewest, this.clock.pending);
    }
    return fewest;
  }

  async end(): Promise<void> {
    await this.#stop();
    await this.#bus.close();
    this.#wire.close();
    await this.embedded.close();
  }

  async #strike(fault: Fault): Promise<void> {
    const { faults } = this;
    switch (fault.is) {
      case "restart":
        return this.#restart(fault.bus);
      case "cut watches":
        return this.#wire.cut();
      case "compacted":
        this.embedded.compact();
        return this.#wire.cut();
      case "deliveries":
        return void faults.deliveries.push(...Array(fault.next).fill(fault.are));
      case "answers":
        return void faults.answers.push(...Array(fault.next).fill(fault.are));
      case "publishing fails":
        faults.publishings += fault.next;
        return;
      case "crash":
        faults.crashes.push({ when: fault.when, writes: fault.write });
    }
  }

  #start(): Product {
    const { clock, faults } = this;
    const asOperator = { token: this.#operator, lagMs };
    return new Product({
      ...{ clock, faults, random: this.#random, bus: faultyBus(this.#bus, faults, clock) },
      http: {
        source: this.#wire.http(asOperator),
        functions: this.#wire.http({ ...asOperator, fault: (request) => this.#sent(request) }),
      },
      onHandled: this.#handled,
    });
  }

  async #stop(): Promise<void> {
    const stopped = this.#product.stop();
    await this.clock.pass(1);
    await stopped;
  }

  async #restart(bus: "kept" | "lost"): Promise<void> {
    await this.#stop();
    if (bus === "lost") {
      await this.#bus.close();
      this.#bus = createMemoryBus({ clock: this.clock });
    }
    this.#product = this.#start();
  }

  #sent({ method, url }: HttpRequest): Refusal | undefined {
    if (method === "GET") return undefined;
    if (new URL(url).pathname.includes("/events")) this.did.notices++;
    else this.did.writes++;
    return this.faults.answers.shift();
  }

  /** An account that is made in a workspace on its way out may not be seen in time. */
  #added({ uid, annotations = {} }: Pick<Metadata, "uid" | "annotations">): void {
    const world = worldOf(this.embedded);
    const inner = world.all("LogicalCluster").find((each) => clusterOf(each) === annotations[clusterAnnotation]);
    const { cluster = "", name = "" } = inner?.spec?.owner ?? {};
    const around = [inner, find(world, "Account", cluster, name), find(world, "Workspace", cluster, name)];
    if (around.some((each) => each?.metadata.deletionTimestamp)) this.#late.add(uid);
  }

  #released(cluster: string): void {
    const world = worldOf(this.embedded);
    const inner = world.all("LogicalCluster").find((each) => clusterOf(each) === cluster);
    const path = inner && pathIn(inner).replace("root:orgs:", "");
    const left = world.all("Account").find((each) => clusterOf(each) === cluster && !this.#late.has(each.metadata.uid));
    // One that was deleted by hand, or is not held any more, is no gate.
    if (!path || !left || !inner.metadata.deletionTimestamp || this.person.unheld.has(path)) return;
    this.releasedEarly.push(`AccountInfo of ${path} was released before Account ${left.metadata.name} was gone`);
  }

  readonly #handled: DispatchMetrics["handled"] = (run, { outcome, reason }) => {
    this.did.invocations++;
    if (outcome === "dead") this.deadLetters.push(`${run.function} of ${run.event.id}: ${reason}`);
  };
}

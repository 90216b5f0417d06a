import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEmbedded } from "../../embedded/embedded.ts";
import { createMemoryBus } from "../../eventing/bus/memory.ts";
import { createClient } from "../../shared/kcp/rest.ts";
import { type ManualClock, manualClock } from "../manual-clock.ts";
import { runPm } from "../run-pm.ts";
import type { Fault } from "./action.ts";
import type { Sequence } from "./arbitrary.ts";
import { Faults, randomFrom } from "./faults.ts";
import { faultyBus } from "./faulty-bus.ts";
import { type End, violationsOf } from "./invariants.ts";
import { Person } from "./person.ts";
import { Product, resyncMs } from "./product.ts";
import { Wire } from "./wire.ts";
import { worldOf } from "./world.ts";

const operator = { token: "operator", name: "account-functions", groups: ["platform-mesh-operators"] };
/** What kcp's controllers take for each step, and each request at most, in milliseconds. */
const latencyMs = 20;
const lagMs = 8;
/** Between two actions that have no wait between them, at most, in milliseconds. */
const gapMs = 40;
/** In which every account has had its turn to be looked at. */
const roundMs = resyncMs * 1.2;

/** A control plane that is set up for accounts, from which every run starts. */
export class Installation implements AsyncDisposable {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async make(): Promise<Installation> {
    const folder = await mkdtemp(join(tmpdir(), "random-"));
    const file = (name: string) => join(folder, name);
    const embedded = await createEmbedded({ users: [operator], dataFile: file("data"), tls: false });
    await writeFile(file("admin"), embedded.kubeconfig());
    await writeFile(file("token"), operator.token);
    const files = [`--kubeconfig=${file("admin")}`, `--operator-token-file=${file("token")}`];
    const { code, err } = await runPm(["bootstrap", ...files, `--operator-kubeconfig=${file("operator")}`]);
    if (code !== 0) throw new Error(`setting up for accounts: ${err}`);
    await embedded.close();
    return new Installation(folder);
  }

  /** What is wrong after a sequence. */
  async run(sequence: Sequence): Promise<readonly string[]> {
    return violationsOf(await this.play(sequence));
  }

  /** Does the actions one after the other, ends the faults, lets all come to rest, and answers what there is then. */
  async play({ salt, actions }: Sequence): Promise<End> {
    const dataFile = join(this.#folder, "run");
    await copyFile(join(this.#folder, "data"), dataFile);
    const clock = manualClock();
    const random = randomFrom(salt);
    const errors: string[] = [];
    const onError = (where: string, error: unknown) => void errors.push(`${where}: ${error}`);
    const embedded = await createEmbedded({ dataFile, users: [operator], tls: false, clock, latencyMs, onError });
    const wire = new Wire({ embedded, clock, random });
    const faults = new Faults();
    const counts = { writes: 0, notices: 0, invocations: 0, dead: [] as string[] };
    const asOperator = { token: operator.token, lagMs };
    const http = {
      source: wire.http(asOperator),
      functions: wire.http({
        ...asOperator,
        fault({ method, url }) {
          if (method === "GET") return undefined;
          if (new URL(url).pathname.includes("/events")) counts.notices++;
          else counts.writes++;
          return faults.answers.shift();
        },
      }),
    };
    const start = (bus: ReturnType<typeof createMemoryBus>) =>
      new Product({
        ...{ clock, random, faults, http, bus: faultyBus(bus, faults, clock) },
        onHandled(run, { outcome, reason }) {
          counts.invocations++;
          if (outcome === "dead") counts.dead.push(`${run.function} of ${run.event.id}: ${reason}`);
        },
      });
    let bus = createMemoryBus({ clock });
    let product = start(bus);
    const restart = async (fate: "kept" | "lost") => {
      const stopped = product.stop();
      await clock.pass(1);
      await stopped;
      if (fate === "lost") {
        await bus.close();
        bus = createMemoryBus({ clock });
      }
      product = start(bus);
    };
    const strike = async (fault: Fault): Promise<void> => {
      switch (fault.is) {
        case "restart":
          return restart(fault.bus);
        case "cut watches":
          return wire.cut();
        case "compacted":
          embedded.compact();
          return wire.cut();
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
    };

    await clock.pass(roundMs);
    const standing = await timersOf(clock);
    const admin = createClient({
      config: { server: "https://embedded", tls: {}, headers: async () => ({}) },
      http: wire.http({ token: embedded.adminToken, lagMs: 0 }),
    });
    const person = new Person(admin);
    for (const action of actions) {
      if (action.does === "wait") await clock.pass(action.ms);
      else if (action.does === "fault") await strike(action.fault);
      else await person.act(action);
      await clock.pass(Math.floor(random() * gapMs));
    }
    faults.end();
    for (let round = 0; round < 3; round++) await clock.pass(roundMs);
    const before = { ...counts };
    errors.length = 0;
    await clock.pass(roundMs);
    const end: End = {
      world: worldOf(embedded),
      person,
      ...{ actions: actions.length, writes: before.writes, invocations: before.invocations },
      writesAtRest: counts.writes - before.writes,
      noticesAtRest: counts.notices - before.notices,
      timersLeft: (await timersOf(clock)) - standing,
      errors,
      deadLetters: counts.dead,
    };
    const stopped = product.stop();
    await clock.pass(1);
    await stopped;
    await bus.close();
    wire.close();
    await embedded.close();
    return end;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true });
  }
}

/** How many timers run all the time: at some moments a bookmark is on its way besides. */
async function timersOf(clock: ManualClock): Promise<number> {
  let fewest = clock.pending;
  for (let moment = 0; moment < 5; moment++) {
    await clock.pass(3 * lagMs);
    fewest = Math.min(fewest, clock.pending);
  }
  return fewest;
}

import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEmbedded } from "../../embedded/embedded.ts";
import { runPm } from "../run-pm.ts";
import type { Sequence } from "./arbitrary.ts";
import { type End, violationsOf, wrongSoon } from "./invariants.ts";
import { resyncMs } from "./product.ts";
import { Stage } from "./stage.ts";
import { worldOf } from "./world.ts";

const operator = "operator";
const users = [{ token: operator, name: "account-functions", groups: ["platform-mesh-operators"] }];
/** In which every account has had its turn to be looked at. */
const roundMs = resyncMs * 1.2;
/** Longer than every pause of the functions, and shorter than the time after which an account is looked at again. */
const soonMs = 45_000;

/** A control plane that is set up for accounts, from which every run starts. */
export class Installation implements AsyncDisposable {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async make(): Promise<Installation> {
    const folder = await mkdtemp(join(tmpdir(), "random-"));
    const file = (name: string) => join(folder, name);
    const embedded = await createEmbedded({ users, dataFile: file("data"), tls: false });
    await writeFile(file("admin"), embedded.kubeconfig());
    await writeFile(file("token"), operator);
    const files = [`--kubeconfig=${file("admin")}`, `--operator-token-file=${file("token")}`];
    const { code, err } = await runPm([
      "bootstrap",
      "--admission=none",
      ...files,
      `--operator-kubeconfig=${file("operator")}`,
    ]);
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
    const errors: string[] = [];
    const stage = await Stage.set({ dataFile, users, operator, salt }, (error) => errors.push(error));
    await stage.clock.pass(roundMs);
    const standing = await stage.timers();
    for (const action of actions) await stage.perform(action);
    stage.faults.end();
    const unsettled = actions.some(({ does }) => does === "fault") ? [] : await this.#soon(stage);
    for (let round = 0; round < 3; round++) await stage.clock.pass(roundMs);
    const { writes, notices, invocations } = stage.did;
    errors.length = 0;
    await stage.clock.pass(roundMs);
    const end: End = {
      ...{ writes, invocations, errors, unsettled, actions: actions.length },
      world: worldOf(stage.embedded),
      person: stage.person,
      releasedEarly: stage.releasedEarly,
      writesAtRest: stage.did.writes - writes,
      noticesAtRest: stage.did.notices - notices,
      timersLeft: (await stage.timers()) - standing,
      deadLetters: stage.deadLetters,
    };
    await stage.end();
    return end;
  }

  /** What is wrong before any account is looked at again. */
  async #soon(stage: Stage): Promise<readonly string[]> {
    await stage.clock.pass(soonMs);
    return wrongSoon(worldOf(stage.embedded), stage.person);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true });
  }
}

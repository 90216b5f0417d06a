/** The first part of `make bench`: the product on the embedded control plane, with a tree of accounts that grows. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createEmbedded } from "../../embedded/embedded.ts";
import { inForeground } from "../../tools/foreground.ts";
import { root, stateFolder } from "../../tools/paths.ts";
import { withProgress } from "../../tools/progress.ts";
import type { Stack } from "../../tools/stack.ts";
import { type ApiLoad, apiLoad } from "./api-load.ts";
import type { ControlPlane, Memory } from "./control-plane.ts";
import { measuredBackend } from "./embedded-backend.ts";
import { difference, functionsMeter, type Reading } from "./meters.ts";
import { configOf } from "./people.ts";
import { eventsPerSecond } from "./pipeline.ts";
import { duration, median, spread } from "./statistics.ts";
import { table } from "./table.ts";
import { Tree } from "./tree.ts";

const sizes = (process.env.BENCH_SIZES || "100,1000,10000").split(",").map(Number);
/** Accounts that are made one after another at each size. */
const alone = 10;

interface Stage {
  readonly size: number;
  readonly perSecond: number;
  /** Milliseconds per account. */
  readonly cpu: { readonly functions: number; readonly controlPlane: number };
  readonly events: number;
  readonly alone: readonly number[];
  readonly memory: Memory;
  readonly functions: Reading;
  readonly api: ApiLoad;
}

const memoryOf = ({ rss, heap }: Memory): string => `${megabytes(rss)} (${megabytes(heap)})`;
const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MB`;

let controlPlane: ControlPlane | undefined;
const backend = measuredBackend((started) => {
  controlPlane = started;
});

await inForeground("bench", {
  backend,
  async work(stack) {
    if (!controlPlane) throw new Error("the control plane was not started");
    const empty = await controlPlane.memory();
    const inProcess = await startTimes();
    const asProcess = await processTime(dirname(stack.kubeconfig));
    const { events } = await withProgress("events through source, bus and dispatcher", () => eventsPerSecond(20_000));
    const tree = await Tree.open(await configOf(stack.kubeconfig));
    const stages: Stage[] = [];
    for (const size of sizes) {
      stages.push(await withProgress(`${size} accounts`, () => grow(tree, size, stack, controlPlane as ControlPlane)));
    }
    tree.close();
    const restart = await restartOf(stack);
    const figures = [
      ["figure, on 2 cores that others use too", "measured", "goal"],
      ["start of the control plane inside a process, median", duration(median(inProcess)), "300 ms"],
      ["start of `pm embedded` until it serves", duration(asProcess), "300 ms"],
      ["its memory when it is set up for accounts (heap)", memoryOf(empty), ""],
      ["events per second through source, bus and dispatcher", events.toFixed(0), ""],
      [`restart of the functions with ${sizes.at(-1)} accounts; writes`, restart, ""],
    ];
    const text = `${table(figures)}\n${growth(stages)}`;
    const file = join(stateFolder, "bench-embedded.md");
    await writeFile(file, text);
    console.log(`\n${text}\nAlso in ${file}`);
  },
});

async function grow(tree: Tree, size: number, stack: Stack, server: ControlPlane): Promise<Stage> {
  const meter = functionsMeter(stack.metricsUrl);
  const [before, cpuBefore, start] = [await meter(), await server.cpuMs(), performance.now()];
  const made = await tree.growTo(size);
  const seconds = (performance.now() - start) / 1000;
  const used = difference(await meter(), before);
  const cpu = { functions: used.cpuMs / made, controlPlane: ((await server.cpuMs()) - cpuBefore) / made };
  const memory = await server.memory();
  const functions = await meter();
  const api = await apiLoad(tree, await configOf(stack.kubeconfig), size);
  const times: number[] = [];
  for (let n = 0; n < alone; n++) times.push(await tree.add());
  return { size, perSecond: made / seconds, cpu, events: used.events / seconds, alone: times, memory, functions, api };
}

async function startTimes(): Promise<readonly number[]> {
  const times: number[] = [];
  for (let n = 0; n < 5; n++) {
    const start = performance.now();
    const embedded = await createEmbedded();
    times.push(performance.now() - start);
    await embedded.close();
  }
  return times;
}

async function processTime(folder: string): Promise<number> {
  const args = ["embedded", "--port=0", `--write-kubeconfig=${join(folder, "other.kubeconfig")}`];
  const start = performance.now();
  const child = spawn(join(root, "bin", "pm"), args, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  // It says where it serves.
  await once(child.stdout, "data");
  const time = performance.now() - start;
  child.kill();
  await ended;
  return time;
}

async function restartOf(stack: Stack): Promise<string> {
  // What the patches have set off is over by then.
  await sleep(5_000);
  const start = performance.now();
  await stack.functions.restart();
  const time = performance.now() - start;
  return `${duration(time)}; ${(await functionsMeter(stack.metricsUrl)()).writes}`;
}

function growth(stages: readonly Stage[]): string {
  const row = (figure: string, show: (stage: Stage) => string, goal = "") => [figure, ...stages.map(show), goal];
  const rate = (figure: string, of: (stage: Stage) => number) => row(figure, (stage) => of(stage).toFixed(0));
  return table([
    ["with so many accounts", ...stages.map(({ size }) => String(size)), "goal"],
    row("accounts per second to Ready, 50 at once", ({ perSecond }) => perSecond.toFixed(1)),
    row("one after another, create → Ready, median (5 % to 95 %)", ({ alone: times }) => spread(times)),
    row("CPU of the functions per account", ({ cpu }) => duration(cpu.functions), "15 ms"),
    row("CPU of the control plane per account", ({ cpu }) => duration(cpu.controlPlane)),
    rate("events of kcp per second meanwhile", ({ events }) => events),
    row("memory of the control plane (heap)", ({ memory }) => memoryOf(memory), "1 GiB"),
    row("memory of the functions", ({ functions }) => `${functions.rssMb.toFixed(0)} MB`),
    rate("requests per second: get", ({ api }) => api.gets),
    rate("requests per second: list of 500", ({ api }) => api.lists),
    rate("requests per second: patch", ({ api }) => api.patches),
    rate("events per second to 20 watches", ({ api }) => api.watched),
  ]);
}

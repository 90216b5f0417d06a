/** `make bench`: Accounts beside bare Workspaces of the same type, on one kcp in one run. BENCH=full adds 200 at once. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "../../shared/kcp/rest.ts";
import { inForeground } from "../../tools/foreground.ts";
import { kcpBackend } from "../../tools/kcp-backend.ts";
import { stateFolder } from "../../tools/paths.ts";
import { withProgress } from "../../tools/progress.ts";
import type { Stack } from "../../tools/stack.ts";
import { difference, functionsMeter, kcpMeter, type Reading } from "./meters.ts";
import { Bench, configOf, orgs } from "./people.ts";
import { duration, median, percentile, spread } from "./statistics.ts";

interface Row {
  readonly figure: string;
  readonly bare: string;
  readonly ours: string;
  readonly beside: string;
  readonly goal: string;
  /** What the Go operator needed on a machine of its own (specification, performance page). */
  readonly reference: string;
}
interface Measured {
  readonly kcp: Reading;
  readonly functions: Reading;
}

/** The context of kcp's admin kubeconfig that may read the metrics. */
const shardAdmin = "shard-base";
const full = process.env.BENCH === "full";
const rounds = 4;
const perRound = 5;
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
const ratio = (ours: number, bare: number) => `× ${(ours / bare).toFixed(2)}`;
const each = (total: number, count: number) => (total / count).toFixed(1);

await inForeground("bench", {
  backend: kcpBackend,
  async work(stack) {
    const table = render(await measure(stack));
    const file = join(stateFolder, "bench.md");
    await writeFile(file, table);
    console.log(`\n${table}\nAlso in ${file}`);
  },
});

async function measure(stack: Stack): Promise<readonly Row[]> {
  const config = await configOf(stack.kubeconfig);
  const inOrgs = await Bench.open(config, orgs);
  await inOrgs.account("bench", "org");
  const inOrg = await Bench.open(config, `${orgs}:bench`);
  const meters = {
    kcp: kcpMeter(createClient({ config: await configOf(stack.kubeconfig, shardAdmin) })),
    functions: functionsMeter(stack.metricsUrl),
  };
  const metered = async (work: () => Promise<void>): Promise<Measured> => {
    const before = await Promise.all([meters.kcp(), meters.functions()]);
    await work();
    const after = await Promise.all([meters.kcp(), meters.functions()]);
    return { kcp: difference(after[0], before[0]), functions: difference(after[1], before[1]) };
  };

  const rows: Row[] = [];
  await inOrg.bare("warm-up", "bench", "account");
  await inOrg.account("warm-up-too", "account");
  rows.push(...(await oneByOne(inOrg, metered)));
  rows.push(await orgsOneByOne(inOrgs));
  for (const count of full ? [50, 200] : [50]) rows.push(...(await atOnce(inOrg, count, metered)));
  rows.push(...(await atRest(stack, meters.functions)));
  for (const bench of [inOrg, inOrgs]) bench.close();
  return rows;
}

type Metered = (work: () => Promise<void>) => Promise<Measured>;

async function oneByOne(bench: Bench, metered: Metered): Promise<readonly Row[]> {
  const bare: number[] = [];
  const accounts: { ready: number; lag: number }[] = [];
  const used = { bare: { requests: 0, cpuMs: 0 }, ours: { requests: 0, cpuMs: 0, own: 0, writes: 0, ownCpu: 0 } };
  await withProgress(`${rounds * perRound} accounts one after another`, async () => {
    for (const round of numbers(rounds)) {
      const ofBare = await metered(async () => {
        for (const n of numbers(perRound)) bare.push(await bench.bare(`bare-${round}-${n}`, "bench", "account"));
      });
      const ofOurs = await metered(async () => {
        for (const n of numbers(perRound)) accounts.push(await bench.account(`account-${round}-${n}`, "account"));
      });
      used.bare.requests += ofBare.kcp.requests;
      used.bare.cpuMs += ofBare.kcp.cpuMs;
      used.ours.requests += ofOurs.kcp.requests;
      used.ours.cpuMs += ofOurs.kcp.cpuMs;
      used.ours.own += ofOurs.functions.requests;
      used.ours.writes += ofOurs.functions.writes;
      used.ours.ownCpu += ofOurs.functions.cpuMs;
    }
  });
  const count = rounds * perRound;
  const ready = accounts.map((account) => account.ready);
  const lags = accounts.map(({ lag }) => lag);
  const added = (p: number) => duration(percentile(ready, p) - percentile(bare, p));
  return [
    {
      figure: `${count} accounts one after another, apply → Ready, median (5 % to 95 %)`,
      bare: spread(bare),
      ours: spread(ready),
      beside: `+ ${added(0.5)} (p95 + ${added(0.95)})`,
      goal: "+ 60 ms (p95 + 150 ms)",
      reference: "+ 630 ms",
    },
    {
      figure: "Workspace Ready → Account Ready, median (5 % to 95 %)",
      bare: "–",
      ours: spread(lags),
      beside: `p95 ${duration(percentile(lags, 0.95))}`,
      goal: "60 ms (p95 100 ms)",
      reference: "480 ms (p95 750 ms)",
    },
    {
      figure: "requests of the functions per account (writes)",
      bare: "–",
      ours: `${each(used.ours.own, count)} (${each(used.ours.writes, count)})`,
      beside: "",
      goal: "6 (6)",
      reference: "9.2 (6.2)",
    },
    {
      figure: "requests that kcp counts per account, all included",
      bare: each(used.bare.requests, count),
      ours: each(used.ours.requests, count),
      beside: `+ ${each(used.ours.requests - used.bare.requests, count)}`,
      goal: "+ 24 (6 fewer than the reference)",
      reference: "+ 30",
    },
    {
      figure: "CPU of kcp per account",
      bare: duration(used.bare.cpuMs / count),
      ours: duration(used.ours.cpuMs / count),
      beside: ratio(used.ours.cpuMs, used.bare.cpuMs),
      goal: "× 1.05",
      reference: "× 1.1 to 1.5",
    },
    {
      figure: "CPU of the functions per account",
      bare: "–",
      ours: duration(used.ours.ownCpu / count),
      beside: "",
      goal: "15 ms",
      reference: "36 ms",
    },
  ];
}

async function orgsOneByOne(bench: Bench): Promise<Row> {
  const bare: number[] = [];
  const ours: number[] = [];
  await withProgress("5 orgs one after another", async () => {
    for (const n of numbers(5)) {
      bare.push(await bench.bare(`bare-org-${n}`, "bench", "org"));
      ours.push((await bench.account(`org-${n}`, "org")).ready);
    }
  });
  return {
    figure: "5 orgs one after another, median (5 % to 95 %)",
    bare: spread(bare),
    ours: spread(ours),
    beside: `+ ${duration(median(ours) - median(bare))}`,
    goal: "+ 150 ms",
    reference: "1.24 s",
  };
}

async function atOnce(bench: Bench, count: number, metered: Metered): Promise<readonly Row[]> {
  const names = (kind: string) => numbers(count).map((n) => `${kind}-${count}-${n}`);
  const all = async (progress: string, work: readonly (() => Promise<unknown>)[]): Promise<number> => {
    const start = performance.now();
    await withProgress(progress, () => Promise.all(work.map((one) => one())));
    return performance.now() - start;
  };
  const made = { bare: 0, ours: 0 };
  const gone = { bare: 0, ours: 0 };
  const ofBare = await metered(async () => {
    const work = names("bare").map((name) => () => bench.bare(name, "bench", "account"));
    made.bare = await all(`${count} bare workspaces at once`, work);
  });
  gone.bare = await all(
    `deleting ${count} bare workspaces at once`,
    names("bare").map((name) => () => bench.remove("Workspace", name)),
  );
  const ofOurs = await metered(async () => {
    const work = names("account").map((name) => () => bench.account(name, "account"));
    made.ours = await all(`${count} accounts at once`, work);
  });
  gone.ours = await all(
    `deleting ${count} accounts at once`,
    names("account").map((name) => () => bench.remove("Account", name)),
  );
  return [
    {
      figure: `${count} at once, all Ready after`,
      bare: duration(made.bare),
      ours: duration(made.ours),
      beside: ratio(made.ours, made.bare),
      goal: `× 1.05, ${count} of ${count}`,
      reference: count === 50 ? "43 of 50, 7 stuck" : "182 of 200, 18 stuck",
    },
    {
      figure: `${count} at once, requests of the functions per account (writes)`,
      bare: "–",
      ours: `${each(ofOurs.functions.requests, count)} (${each(ofOurs.functions.writes, count)})`,
      beside: "",
      goal: "6 (6)",
      reference: "10.6",
    },
    {
      figure: `${count} at once, requests that kcp counts per account`,
      bare: each(ofBare.kcp.requests, count),
      ours: each(ofOurs.kcp.requests, count),
      beside: `+ ${each(ofOurs.kcp.requests - ofBare.kcp.requests, count)}`,
      goal: "+ 24",
      reference: "+ 30",
    },
    {
      figure: `${count} at once, CPU of kcp / of the functions per account`,
      bare: duration(ofBare.kcp.cpuMs / count),
      ours: `${duration(ofOurs.kcp.cpuMs / count)} / ${duration(ofOurs.functions.cpuMs / count)}`,
      beside: ratio(ofOurs.kcp.cpuMs, ofBare.kcp.cpuMs),
      goal: "× 1.05 / 15 ms",
      reference: "74 ms",
    },
    {
      figure: `deletion of ${count} at once, all gone after`,
      bare: duration(gone.bare),
      ours: duration(gone.ours),
      beside: ratio(gone.ours, gone.bare),
      goal: "× 1.05",
      reference: "× 1.44 (200)",
    },
  ];
}

async function atRest(stack: Stack, functions: () => Promise<Reading>): Promise<readonly Row[]> {
  const seconds = 20;
  const idle = await withProgress(`${seconds} s of rest`, async () => {
    // Scheduled looks of the last accounts are over by then.
    await sleep(5_000);
    const before = await functions();
    await sleep(seconds * 1000);
    return difference(await functions(), before);
  });
  const start = performance.now();
  await stack.functions.restart();
  const restarted = performance.now() - start;
  await sleep(5_000);
  const after = await functions();
  return [
    {
      figure: "at rest: CPU of the functions",
      bare: "–",
      ours: `${(idle.cpuMs / (seconds * 10)).toFixed(2)} % of a core`,
      beside: "",
      goal: "below 0.5 %",
      reference: "0.05 to 0.2 %",
    },
    {
      figure: "memory of the functions after the above / after a restart",
      bare: "–",
      ours: `${idle.rssMb.toFixed(0)} MB / ${after.rssMb.toFixed(0)} MB`,
      beside: "",
      goal: "90 MB (3 accounts), 120 MB (273)",
      reference: "48 to 167 MB",
    },
    {
      figure: "restart: stop, start and all watches in step; writes it makes",
      bare: "–",
      ours: `${duration(restarted)}; ${after.writes}`,
      beside: "",
      goal: "1.5 s; 0",
      reference: "1.5 s; 25 to 78",
    },
  ];
}

function render(rows: readonly Row[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |\n`;
  const head = line(["figure", "bare kcp", "Account Functions", "beside bare", "goal", "Go operator, elsewhere"]);
  const body = rows.map((row) => line([row.figure, row.bare, row.ours, row.beside, row.goal, row.reference]));
  return `${head}${line(Array(6).fill("---"))}${body.join("")}`;
}

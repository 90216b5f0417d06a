/** Part of `make bench`: how long a function takes from the start of its process to its first answer. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { functions } from "../../functions/index.ts";
import type { CloudEvent } from "../../shared/event.ts";
import { httpContent } from "../../shared/http-event.ts";
import { bundleFunctions } from "../../tools/bundle.ts";
import { root } from "../../tools/paths.ts";
import { freePorts } from "../../tools/ports.ts";
import { withProgress } from "../../tools/progress.ts";
import { Supervised } from "../../tools/supervised.ts";
import { BareKcp } from "../bare-kcp.ts";
import { startEmbedded } from "../servers.ts";
import { spread } from "./statistics.ts";
import { table } from "./table.ts";

const starts = 5;
/** Of an account that there is not: read from kcp, and dropped. */
const event: CloudEvent = { specversion: "1.0", id: "cold", type: "", source: "bench", accountkey: "none/none" };

await bundleFunctions();
const bare = await BareKcp.start(startEmbedded({ latencyMs: 0 }));
const folder = await mkdtemp(join(tmpdir(), "bench-cold-start-"));
try {
  await bare.bootstrap("--admission=none");
  const rows = await withProgress(`${functions.length} functions, ${starts} cold starts each`, async () => {
    const measured: string[][] = [];
    for (const { name, on } of functions) {
      const taken: number[] = [];
      for (let n = 0; n < starts; n++) taken.push(await firstAnswer(name, { ...event, ...on[0] }));
      measured.push([name, spread(taken)]);
    }
    return measured;
  });
  console.log(`\n${table([["function", "process start to first answer (goal: below 250 ms)"], ...rows])}`);
} finally {
  await bare.stop();
  await rm(folder, { recursive: true });
}

async function firstAnswer(name: string, first: CloudEvent): Promise<number> {
  const [port = 0] = await freePorts(1);
  const env = { ...process.env, PORT: String(port), KUBECONFIG: bare.operatorFile };
  const bundle = join(root, "functions", name, "dist", "index.js");
  const started = performance.now();
  const child = new Supervised(process.execPath, [bundle, "--metrics-bind-address=0"], { output: "pipe", env });
  try {
    for (;;) {
      const { headers, body } = httpContent(first, "structured");
      const answer = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", headers, body }).catch(() => undefined);
      if (answer) return performance.now() - started;
      await sleep(2);
    }
  } finally {
    await child.stop(5000);
  }
}

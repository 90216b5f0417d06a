/** Part of `make bench`: how long a function takes from the start of its process to its first answer, beside a server of
 *  Node alone in the same run. */
import { spawn } from "node:child_process";
import { once } from "node:events";
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
import { BareKcp } from "../bare-kcp.ts";
import { startEmbedded } from "../servers.ts";
import { spread } from "./statistics.ts";
import { table } from "./table.ts";

const starts = 5;
const noOp = 'require("node:http").createServer((_, response) => response.end()).listen(process.env.PORT)';
/** Of an account that there is not: read from kcp, and dropped. */
const event: CloudEvent = { specversion: "1.0", id: "cold", type: "", source: "bench", accountkey: "none/none" };

await bundleFunctions();
const bare = await BareKcp.start(startEmbedded({ latencyMs: 0 }));
const folder = await mkdtemp(join(tmpdir(), "bench-cold-start-"));
try {
  await bare.bootstrap("--admission=none");
  const rows = await withProgress(`${functions.length} functions, ${starts} cold starts each`, async () => {
    const measured = [["a server of Node alone", spread(await repeated(["--eval", noOp], event))]];
    for (const { name, on } of functions) {
      const bundle = join(root, "functions", name, "dist", "index.js");
      const taken = await repeated([bundle, "--metrics-bind-address=0"], { ...event, ...on[0] });
      measured.push([name, spread(taken)]);
    }
    return measured;
  });
  console.log(`\n${table([["function", "process start to first answer (goal: below 250 ms)"], ...rows])}`);
} finally {
  await bare.stop();
  await rm(folder, { recursive: true });
}

async function repeated(args: readonly string[], first: CloudEvent): Promise<readonly number[]> {
  const taken: number[] = [];
  for (let n = 0; n < starts; n++) taken.push(await firstAnswer(args, first));
  return taken;
}

async function firstAnswer(args: readonly string[], first: CloudEvent): Promise<number> {
  const [port = 0] = await freePorts(1);
  const env = { ...process.env, PORT: String(port), KUBECONFIG: bare.operatorFile };
  const started = performance.now();
  const child = spawn(process.execPath, args, { stdio: "ignore", env });
  try {
    for (;;) {
      const { headers, body } = httpContent(first, "structured");
      const answer = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", headers, body }).catch(() => undefined);
      if (answer) return performance.now() - started;
      await sleep(2);
    }
  } finally {
    child.kill();
    await once(child, "exit");
  }
}

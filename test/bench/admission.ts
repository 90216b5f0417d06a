/** Part of `make bench`: reviews of Accounts beside a server that does nothing, both over HTTPS and in one run. */
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { Agent, request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { validatePath } from "../../eventing/admission/server.ts";
import { selfSigned } from "../../shared/self-signed.ts";
import { withProgress } from "../../tools/progress.ts";
import type { ServerData } from "./admission-server.ts";
import { percentile } from "./statistics.ts";

const perSecond = 200;
const seconds = 5;

console.log(`\n${await table()}\n`);

async function table(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "bench-admission-"));
  const { cert, key } = selfSigned("localhost");
  await Promise.all([writeFile(join(folder, "tls.crt"), cert), writeFile(join(folder, "tls.key"), key)]);
  try {
    const { noOp, reviews } = await withProgress(`admission at ${perSecond} reviews a second`, async () => ({
      noOp: await latencies({ kind: "no-op", folder }),
      reviews: await latencies({ kind: "admission", folder }),
    }));
    const row = (name: string, values: readonly number[]) =>
      `| ${name} | ${[0.5, 0.95, 0.99].map((p) => `${percentile(values, p).toFixed(1)} ms`).join(" | ")} |`;
    return [
      `| ${perSecond} a second, ${perSecond * seconds} in all | median | 95 % | 99 % |`,
      "| --- | --- | --- | --- |",
      row("no-op HTTPS server", noOp),
      row("validate-account (goal: 99 % below 10 ms)", reviews),
    ].join("\n");
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Milliseconds from sending to having the answer, of each request; those of the first second warm the server up. */
async function latencies(data: ServerData): Promise<readonly number[]> {
  const worker = new Worker(new URL("./admission-server.ts", import.meta.url), { workerData: data });
  const agent = new Agent({ keepAlive: true, ca: await readFile(join(data.folder, "tls.crt")) });
  try {
    const [port] = await once(worker, "message");
    const taken: Promise<number>[] = [];
    const started = performance.now();
    for (let n = 0; n < perSecond * (seconds + 1); n++) {
      await sleep(Math.max(0, started + (n * 1000) / perSecond - performance.now()));
      taken.push(review(port, agent, n));
    }
    return (await Promise.all(taken)).slice(perSecond);
  } finally {
    agent.destroy();
    await worker.terminate();
  }
}

function review(port: number, agent: Agent, n: number): Promise<number> {
  const body = JSON.stringify({
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    request: {
      uid: `review-${n}`,
      operation: "CREATE",
      userInfo: { username: "alice", groups: ["people"] },
      object: {
        apiVersion: "core.platform-mesh.io/v1alpha1",
        kind: "Account",
        metadata: { name: `org-${n}`, annotations: { "kcp.io/cluster": "cluster" } },
        spec: { type: "org", displayName: "An organization", creator: "alice" },
      },
    },
  });
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const headers = { "content-type": "application/json" };
  const sentAt = performance.now();
  request({ host: "localhost", port, path: validatePath, method: "POST", headers, agent }, (response) => {
    response.resume();
    response.once("end", () =>
      response.statusCode === 200
        ? resolve(performance.now() - sentAt)
        : reject(new Error(`a review was answered with ${response.statusCode}`)),
    );
  })
    .once("error", reject)
    .end(body);
  return promise;
}

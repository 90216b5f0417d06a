import { readdir, readFile } from "node:fs/promises";
import type { FunctionRow } from "../../eventing/overview/row.ts";
import { type Mesh, pm } from "./mesh.ts";

/** The functions as `pm functions` shows them. */
export async function functionsOf({ product }: Mesh): Promise<readonly FunctionRow[]> {
  return JSON.parse(await pm("functions", `--url=${product.metricsUrl}`, "--output=json"));
}

export async function functionOf(mesh: Mesh, name: string): Promise<FunctionRow> {
  const row = (await functionsOf(mesh)).find((each) => each.name === name);
  if (!row) throw new Error(`there is no function ${name}`);
  return row;
}

/** Processes of functions that work for this installation, by pid, whoever started them. */
export async function processesOf({ operatorKubeconfig }: Mesh): Promise<readonly number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const words = (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).split("\0");
      return words.includes("serve") && words.includes(`--kubeconfig=${operatorKubeconfig}`) ? [Number(pid)] : [];
    }),
  );
  return found.flat();
}

/** SIGKILL to each that has it still to come. */
export function killAll(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // Ended already.
    }
  }
}

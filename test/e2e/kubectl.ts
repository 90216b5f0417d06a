import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { obtain } from "../../tools/obtain.ts";
import type { Mesh } from "./mesh.ts";

const run = promisify(execFile);

/** Runs kubectl as kcp admin in a workspace; answers what it prints. */
export async function kubectl({ kcp }: Mesh, workspace: string, ...args: readonly string[]): Promise<string> {
  const command = await obtain("kubectl");
  const where = [`--kubeconfig=${kcp.adminKubeconfig}`, "--context=base", `--server=${kcp.url}/clusters/${workspace}`];
  const { stdout } = await run(command, [...where, ...args]);
  return stdout;
}

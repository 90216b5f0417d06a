import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { obtain } from "../obtain.ts";

/** Runs kubectl and answers what it printed; rejects with its messages when it fails. */
export type Kubectl = (args: readonly string[], input?: string) => Promise<string>;

export async function kubectlFor(kubeconfig: string): Promise<Kubectl> {
  const command = await obtain("kubectl");
  return async (args, input = "") => {
    const child = spawn(command, ["--kubeconfig", kubeconfig, ...args], { stdio: "pipe" });
    // What it does not read is no error of ours: it has ended, and says why.
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
    const [out, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
    if (code !== 0) throw new Error(`kubectl ${args.join(" ")} ended with code ${code}:\n${errors.trim()}`);
    return out;
  };
}

/** `make up`: a backend, the functions and the accounts of examples/ until Ctrl-C, and what to type next; with SECURITY=1
 *  somebody's own org. */
import { delimiter, dirname, relative } from "node:path";
import { createExamples, pmAs } from "./examples.ts";
import { inForeground, untilInterrupted } from "./foreground.ts";
import { presentKubectl } from "./obtain.ts";
import { root } from "./paths.ts";
import type { Security } from "./security-stack.ts";
import type { Stack } from "./stack.ts";
import { moveIn, securedSteps, showMails } from "./up-secured.ts";

await inForeground("up", {
  interruptedCode: 0,
  async work(stack, { notice }) {
    const { security } = stack;
    const steps = security ? await secured({ ...stack, security }) : await withExamples(stack);
    console.log(`\n${notice}\n\n${steps}\n\n${await hints(stack)}`);
    await untilInterrupted;
  },
});

async function secured(stack: Stack & { readonly security: Security }): Promise<string> {
  const owner = await moveIn(stack);
  void showMails(stack.security);
  return securedSteps(stack, owner);
}

async function withExamples(stack: Stack): Promise<string> {
  if (process.env.EXAMPLES !== "0") await showExamples(stack.kubeconfig);
  return nextSteps(stack, await presentKubectl());
}

async function showExamples(kubeconfig: string): Promise<void> {
  const pm = pmAs(kubeconfig);
  // Those of a run before, which DATA kept.
  const present = await pm("account", "get", "--output=name");
  if (present.trim() === "") await createExamples(kubeconfig);
  console.log(`\n${await pm("tree")}`);
}

function nextSteps({ kubeconfig, busEnv, metricsUrl }: Stack, kubectl: string | undefined): string {
  const commands = [
    `cd ${root}`,
    `export KUBECONFIG=${kubeconfig} ${busEnv}`,
    ...(kubectl ? withKubectl(kubectl) : []),
    "bin/pm account create beta --wait",
    "bin/pm tree",
    "bin/pm why root:orgs:beta",
    "bin/pm trace root:orgs:beta",
    `bin/pm functions --url ${new URL(metricsUrl).origin}`,
  ];
  return `In another terminal:\n\n${commands.map((command) => `  ${command}`).join("\n")}`;
}

async function hints({ kubeconfig, metricsUrl }: Stack): Promise<string> {
  const advice = (await presentKubectl()) ? "" : "There is no kubectl here: `make tools` obtains it.\n";
  return `${advice}Logs are in ${relative(root, dirname(kubeconfig))}/*.log, metrics at ${metricsUrl}. Ctrl-C ends everything.`;
}

function withKubectl(file: string): readonly string[] {
  const isOnPath = (process.env.PATH ?? "").split(delimiter).includes(dirname(file));
  return [...(isOnPath ? [] : [`export PATH=${dirname(file)}:$PATH`]), "kubectl get accounts"];
}

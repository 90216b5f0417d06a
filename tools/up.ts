/** `make up`: a backend, the functions and the accounts of examples/ until Ctrl-C, and what to type next. */
import { delimiter, dirname, relative } from "node:path";
import { createExamples, pmAs } from "./examples.ts";
import { inForeground, untilInterrupted } from "./foreground.ts";
import { presentKubectl } from "./obtain.ts";
import { root } from "./paths.ts";
import type { Stack } from "./stack.ts";

await inForeground("up", {
  interruptedCode: 0,
  async work(stack, { notice }) {
    if (process.env.EXAMPLES !== "0") await showExamples(stack.kubeconfig);
    console.log(`\n${notice}\n\n${nextSteps(stack, await presentKubectl())}`);
    await untilInterrupted;
  },
});

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
  ];
  return `In another terminal:

${commands.map((command) => `  ${command}`).join("\n")}

${kubectl ? "" : "There is no kubectl here: `make tools` obtains it.\n"}Logs are in ${relative(root, dirname(kubeconfig))}/*.log, metrics at ${metricsUrl}. Ctrl-C ends everything.`;
}

function withKubectl(file: string): readonly string[] {
  const isOnPath = (process.env.PATH ?? "").split(delimiter).includes(dirname(file));
  return [...(isOnPath ? [] : [`export PATH=${dirname(file)}:$PATH`]), "kubectl get accounts"];
}

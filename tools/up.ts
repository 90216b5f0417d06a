/** `make up`: a backend and the functions until Ctrl-C, and what to type next. */
import { delimiter, dirname, relative } from "node:path";
import { inForeground, untilInterrupted } from "./foreground.ts";
import { presentKubectl } from "./obtain.ts";
import { root } from "./paths.ts";
import type { Stack } from "./stack.ts";

await inForeground("up", {
  interruptedCode: 0,
  async work(stack, { notice }) {
    console.log(`\n${notice}\n\n${nextSteps(stack, await presentKubectl())}`);
    await untilInterrupted;
  },
});

function nextSteps({ kubeconfig, busEnv, metricsUrl }: Stack, kubectl: string | undefined): string {
  const commands = [
    `cd ${root}`,
    `export KUBECONFIG=${kubeconfig} ${busEnv}`,
    ...(kubectl ? withKubectl(kubectl) : ["bin/pm account create acme --wait"]),
    "bin/pm tree",
    "bin/pm why root:orgs:acme",
    "bin/pm events root:orgs:acme",
  ];
  return `In another terminal:

${commands.map((command) => `  ${command}`).join("\n")}

${kubectl ? "" : "There is no kubectl here: `make tools` obtains it.\n"}Logs are in ${relative(root, dirname(kubeconfig))}/*.log, metrics at ${metricsUrl}. Ctrl-C ends everything.`;
}

function withKubectl(file: string): readonly string[] {
  const isOnPath = (process.env.PATH ?? "").split(delimiter).includes(dirname(file));
  return [
    ...(isOnPath ? [] : [`export PATH=${dirname(file)}:$PATH`]),
    "kubectl apply -f examples/acme.yaml",
    "kubectl wait --for=condition=Ready account/acme",
  ];
}

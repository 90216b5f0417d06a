/** `make up`: kcp, NATS and the functions until Ctrl-C, and what to type next. */
import { dirname, relative } from "node:path";
import { inForeground, untilInterrupted } from "./foreground.ts";
import { obtain } from "./obtain.ts";
import { root } from "./paths.ts";
import type { Stack } from "./stack.ts";

const show = async (stack: Stack): Promise<void> => {
  console.log(nextSteps(stack, await obtain("kubectl")));
  await untilInterrupted;
};
await inForeground("up", show, 0);

function nextSteps({ kubeconfig, metricsUrl }: Stack, kubectl: string): string {
  const path = kubectl.startsWith("/") && isOnPath(kubectl) ? "" : `  export PATH=${dirname(kubectl)}:$PATH\n`;
  return `
In another terminal:

  cd ${root}
  export KUBECONFIG=${kubeconfig}
${path}  kubectl apply -f examples/acme.yaml
  kubectl wait --for=condition=Ready account/acme
  bin/pm tree
  bin/pm why root:orgs:acme

Logs are in ${relative(root, dirname(kubeconfig))}/*.log, metrics at ${metricsUrl}. Ctrl-C ends everything.`;
}

function isOnPath(file: string): boolean {
  return (process.env.PATH ?? "").split(":").includes(dirname(file));
}

import { untilInterrupted, withState } from "../foreground.ts";
import { elapsed, say } from "../progress.ts";
import { startCluster } from "./cluster.ts";

/** `make cluster`: a Kubernetes with Knative Serving in the foreground, until Ctrl-C. */
await withState("cluster", 0, async (started) => {
  const start = performance.now();
  const cluster = await startCluster(started);
  const ingress = await cluster.forward(80);
  say(`  the cluster is up after ${elapsed(start)}`);
  console.log(`
  export KUBECONFIG=${cluster.kubeconfig}
  kubectl get pods -A

A Knative Service answers at the ingress, by its name:
  curl -H "Host: NAME.NAMESPACE.svc.cluster.local" http://127.0.0.1:${ingress}/

Inside, as a server that pods reach at ${cluster.hostAddress}:
  ${cluster.enterCommand} sh

Images come from archives; name them dev.local/…:
  ${cluster.importCommand} ARCHIVE.tar

Ctrl-C ends everything.`);
  await Promise.race([untilInterrupted, cluster.failed.then((error) => Promise.reject(error))]);
});

/** The ingress of the cluster: a controller of Knative's Ingresses and the proxy that it directs, in one process.
 *  Arguments: kubeconfig, address, port, name that leads to it. */
import { ClusterApi } from "./cluster-api.ts";
import { IngressController } from "./controller.ts";
import { createProxy } from "./proxy.ts";
import { RouteTable } from "./route-table.ts";

const [kubeconfig = "", host = "", port, domain = ""] = process.argv.slice(2);
const table = new RouteTable();
const proxy = { host, port: Number(port) };
const api = await ClusterApi.connect(kubeconfig);
const controller = new IngressController({ api, table, proxy, domain });
createProxy({
  table,
  addressOf: (backend) => controller.addressOf(backend),
  isReady: () => controller.isReady,
}).listen(proxy.port, proxy.host);
await controller.run();

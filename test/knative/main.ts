import { isIP } from "node:net";
import { parseArgs } from "node:util";
import { loadKubeconfig } from "../../shared/kcp/kubeconfig.ts";
import { Cluster } from "./cluster.ts";
import { control } from "./controller.ts";
import { startDouble } from "./double.ts";

const usage = `Serves Brokers and Triggers of a cluster as Knative Eventing does:
  tools/node test/knative/main.ts --kubeconfig FILE --listen HOST:PORT --class mt|nats [--nats-url URL]
    [--public-url URL]   address of the Brokers as the cluster reaches it (default http://HOST:PORT)
    [--gateway URL]      ingress for Knative Services, which are told apart by the Host header
    [--state-dir FOLDER] where class mt keeps accepted events over a restart`;

const { values } = parseArgs({
  options: {
    kubeconfig: { type: "string" },
    listen: { type: "string" },
    class: { type: "string" },
    "nats-url": { type: "string" },
    "public-url": { type: "string" },
    gateway: { type: "string" },
    "state-dir": { type: "string" },
  },
});
const { kubeconfig, listen, class: kind, gateway } = values;
const [, host, port] = /^(.+):(\d+)$/.exec(listen ?? "") ?? [];
if (!kubeconfig || !host || !port || (kind !== "mt" && kind !== "nats")) {
  process.stderr.write(`${usage}\n`);
  process.exit(2);
}

const cluster = new Cluster(await loadKubeconfig({ file: kubeconfig, env: process.env }));
const log = (line: string) => process.stdout.write(`${new Date().toISOString()} ${line}\n`);
const ending = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => ending.abort());

const double = await startDouble({
  kind,
  address: { host, port: Number(port) },
  ...(values["nats-url"] && { natsUrl: values["nats-url"] }),
  ...(values["state-dir"] && { folder: values["state-dir"] }),
  reach: async (url) => (isIP(url.hostname) ? undefined : ((await cluster.clusterAddress(url)) ?? gateway)),
  told: ({ trigger, event, ended }) => log(`${trigger} ${event.type} ${event.id} ${ended}`),
});
log(`listening on ${double.url}`);
const publicUrl = (values["public-url"] ?? double.url).replace(/\/$/, "");
await control({ cluster, kind, publicUrl, transport: double, log, signal: ending.signal });
await double.close();
cluster.http.close();

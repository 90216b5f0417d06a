/** One of the two servers of admission.ts, in a thread of its own: tells its port, and ends with the thread. */

import { readFile } from "node:fs/promises";
import { createServer } from "node:https";
import { join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { serveAdmission } from "../../eventing/admission/server.ts";
import { listen } from "../../eventing/http-server.ts";
import { defaultSettings } from "../../shared/settings.ts";

export interface ServerData {
  readonly kind: "no-op" | "admission";
  /** Holds tls.crt and tls.key. */
  readonly folder: string;
}

const { kind, folder }: ServerData = workerData;
const address = { host: "127.0.0.1", port: 0 };
const quiet = { debug() {}, info() {}, warn() {}, error() {} };

const { port } = kind === "admission" ? await admission() : await noOp();
parentPort?.postMessage(port);

function admission() {
  return serveAdmission({
    address,
    certificate: { folder },
    deps: {
      settings: { ...defaultSettings, creatorAdminGroup: undefined },
      pathOf: async () => "root:orgs",
      policies: [],
    },
    log: quiet,
    metrics: { started() {}, answered() {}, judged() {} },
  });
}

/** Takes the body and answers, no more. */
async function noOp() {
  const [cert, key] = await Promise.all(["tls.crt", "tls.key"].map((name) => readFile(join(folder, name), "utf8")));
  const server = createServer({ cert: cert ?? "", key: key ?? "" }, (request, response) => {
    request.resume();
    request.once("end", () => response.end("{}"));
  });
  return listen(server, address, "port");
}

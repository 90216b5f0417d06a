import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { dump } from "js-yaml";
import { selfSigned } from "../../shared/self-signed.ts";
import type { Cluster } from "../../tools/knative/cluster.ts";
import { obtain } from "../../tools/obtain.ts";
import { imagesFolder } from "../../tools/oci/images.ts";
import { root } from "../../tools/paths.ts";
import { say, withProgress } from "../../tools/progress.ts";
import { runCommand } from "../../tools/run-command.ts";
import type { Mesh } from "./mesh.ts";

export const namespace = "mesh";
const release = "account-functions";
const broker = "account-functions";
const specification = join(root, "..", "shared", "data");

export interface InstallationOptions {
  readonly cluster: Cluster;
  readonly mesh: Mesh;
  readonly folder: string;
}

/** The product in a cluster, put there by its chart as a platform engineer does. */
export class Installation {
  readonly #options: InstallationOptions;
  readonly #values: string;
  readonly #helm: string;

  private constructor(options: InstallationOptions, helm: string) {
    this.#options = options;
    this.#values = join(options.folder, "values.yaml");
    this.#helm = helm;
  }

  /** Makes what the chart expects to find: images, Knative Eventing's kinds, and Secrets. */
  static async prepare(options: InstallationOptions): Promise<Installation> {
    const { cluster } = options;
    const kinds = ["broker", "trigger"].map((kind) => join(specification, `knative-eventing-${kind}-crd.yaml`));
    await cluster.kubectl(["apply", "--server-side", ...kinds.map((file) => `--filename=${file}`)]);
    await runCommand(process.execPath, [join(root, "tools", "oci", "images.ts")], { onLine: (line) => say(line) });
    await withProgress("importing images", () => cluster.importImage(join(imagesFolder, "images.tar")));
    await cluster.kubectl(["create", "namespace", namespace]);
    const installation = new Installation(options, await obtain("helm"));
    await installation.#writeSecrets();
    await installation.#writeValues();
    return installation;
  }

  /** Installs or changes the release; `settings` as helm's --set has them. */
  async apply(...settings: readonly string[]): Promise<void> {
    const chart = join(root, "deploy", "charts", "account-functions");
    const sets = settings.map((setting) => `--set=${setting}`);
    await this.#run("upgrade", "--install", release, chart, `--values=${this.#values}`, ...sets);
  }

  async uninstall(): Promise<void> {
    await this.#run("uninstall", release, "--wait", "--timeout=180s");
  }

  #run(...args: readonly string[]): Promise<string> {
    const { cluster, folder } = this.#options;
    const env = { ...process.env, KUBECONFIG: cluster.kubeconfig, HELM_CACHE_HOME: join(folder, "helm") };
    return runCommand(this.#helm, [...args, `--namespace=${namespace}`], { env });
  }

  async #writeSecrets(): Promise<void> {
    const { cluster, mesh } = this.#options;
    const { cert, key } = selfSigned(`${release}-webhook.${namespace}.svc`);
    const secrets = {
      "account-operator-admin-kubeconfig": { kubeconfig: await readFile(mesh.adminKubeconfig, "utf8") },
      "account-operator-credentials": { token: mesh.operatorToken },
      "webhook-certificate": { "tls.crt": cert, "tls.key": key, "ca.crt": cert },
    };
    const items = Object.entries(secrets).map(([name, stringData]) => {
      return { apiVersion: "v1", kind: "Secret", metadata: { name, namespace }, stringData };
    });
    const list = JSON.stringify({ apiVersion: "v1", kind: "List", items });
    await cluster.kubectl(["apply", "--server-side", "--filename=-"], list);
  }

  async #writeValues(): Promise<void> {
    const { mesh } = this.#options;
    const values = {
      log: { level: "info" },
      webhooks: { certificate: { secretName: "webhook-certificate" } },
      bus: { kind: "knative", nats: { url: mesh.natsUrl }, knative: { sink: mesh.sinkOf(namespace, broker) } },
      source: { persistence: { enabled: false } },
      admission: { replicas: 1 },
      // Tenants are idle after 10 s here, so that the run need not wait a minute each time.
      functions: { defaults: { window: "10s" } },
      bootstrap: { enabled: true },
    };
    await writeFile(this.#values, dump(values));
  }
}

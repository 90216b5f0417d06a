import { findCondition } from "../../shared/conditions.ts";
import { type Kind, kinds } from "../../shared/kcp/kinds.ts";
import { type Kubeconfig, type KubeconfigOptions, loadKubeconfig } from "../../shared/kcp/kubeconfig.ts";
import type { Account, KubeObject, ObjectOf } from "../../shared/kcp/objects.ts";
import { type Client, createClient } from "../../shared/kcp/rest.ts";
import { eventually } from "./eventually.ts";

/** Where the orgs' Accounts live. */
export const orgs = "root:orgs";

/** What somebody with kubectl and the rights of a kcp admin does and sees. Workspaces are named by path. */
export class Person {
  readonly #access: KubeconfigOptions;
  #client: Client;
  /** CA of the kcp server as their kubeconfig has it. */
  readonly serverCa: string;

  private constructor(access: KubeconfigOptions, config: Kubeconfig) {
    this.#access = access;
    this.#client = createClient({ config });
    this.serverCa = config.serverCa();
  }

  static async withKubeconfig(file: string, context: string): Promise<Person> {
    return new Person({ file, context }, await loadKubeconfig({ file, context }));
  }

  get client(): Client {
    return this.#client;
  }

  /** Reads the kubeconfig again: kcp gives its admins new tokens whenever it starts. */
  async renew(): Promise<void> {
    this.#client.close();
    this.#client = createClient({ config: await loadKubeconfig(this.#access) });
  }

  async apply(workspace: string, name: string, more: Partial<Account["spec"]> & Metadata = {}): Promise<Account> {
    const { labels, annotations, finalizers, ...spec } = more;
    return this.client.create<Account>(kinds.Account, workspace, {
      apiVersion: "core.platform-mesh.io/v1alpha1",
      kind: "Account",
      metadata: {
        name,
        ...(labels && { labels }),
        ...(annotations && { annotations }),
        ...(finalizers && { finalizers }),
      },
      spec: { type: workspace === orgs ? "org" : "account", displayName: `The ${name}`, ...spec },
    });
  }

  /** The object, which must exist. */
  async see<K extends Kind>(kind: K, workspace: string, name: string): Promise<ObjectOf[K]> {
    const object = await this.client.get(kind, workspace, name);
    if (!object) throw new Error(`no ${kind} ${name} in ${workspace}`);
    return object;
  }

  account(workspace: string, name: string): Promise<Account> {
    return this.see("Account", workspace, name);
  }

  async delete(kind: Kind, workspace: string, name: string): Promise<void> {
    await this.client.delete(kinds[kind], { cluster: workspace, name });
  }

  edit<T extends KubeObject>(kind: Kind, workspace: string, name: string, patch: object): Promise<T> {
    return this.client.mergePatch<T>(kinds[kind], { cluster: workspace, name }, patch);
  }

  /** Waits as `kubectl wait --for=condition=Ready` does; `within` in milliseconds. */
  ready(workspace: string, name: string, within = 30_000): Promise<Account> {
    return this.until(within, async () => {
      const account = await this.account(workspace, name);
      if (findCondition(account, "Ready")?.status !== "True") {
        throw new Error(`${workspace}:${name} is not Ready: ${JSON.stringify(account.status ?? null)}`);
      }
      return account;
    });
  }

  gone(kind: Kind, workspace: string, name: string, within = 60_000): Promise<void> {
    return this.until(within, async () => {
      const object = await this.client.get(kind, workspace, name).catch(absentWithItsWorkspace);
      if (object) throw new Error(`${kind} ${name} is still in ${workspace}: ${JSON.stringify(object)}`);
    });
  }

  /** Applies it and waits until it is Ready. */
  async has(workspace: string, name: string, more: Partial<Account["spec"]> & Metadata = {}): Promise<Account> {
    await this.apply(workspace, name, more);
    return this.ready(workspace, name);
  }

  /** The Kubernetes Events about an Account, each a line of type, reason and message. */
  async events(workspace: string, name: string): Promise<string> {
    const { items } = await this.client.request<{ readonly items: readonly Told[] }>({
      cluster: workspace,
      path: `/api/v1/namespaces/default/events?fieldSelector=involvedObject.kind%3DAccount,involvedObject.name%3D${name}`,
    });
    return items.map(({ type, reason, message }) => `${type} ${reason} ${message}`).join("\n");
  }

  /** Tries until `check` no longer throws; its last error otherwise. */
  until<T>(within: number, check: () => Promise<T>): Promise<T> {
    return eventually(within, check);
  }
}

interface Told {
  readonly type: string;
  readonly reason: string;
  readonly message: string;
}
interface Metadata {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
}

/** kcp answers 403 in a workspace that does not exist. */
function absentWithItsWorkspace(error: unknown): undefined {
  if (error instanceof Error && "code" in error && error.code === 403) return undefined;
  throw error;
}

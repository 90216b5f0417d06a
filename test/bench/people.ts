import { isTrue } from "../../shared/conditions.ts";
import { apiVersionOf, type Kind, kinds } from "../../shared/kcp/kinds.ts";
import { type Kubeconfig, loadKubeconfig } from "../../shared/kcp/kubeconfig.ts";
import { type Client, createClient } from "../../shared/kcp/rest.ts";
import { workspaceTypeName } from "../../shared/naming.ts";
import { Observer } from "./observer.ts";

export const orgs = "root:orgs";

/** Makes Accounts, and Workspaces of the same types without any Account, in one workspace, and sees what becomes of them. */
export class Bench {
  readonly client: Client;
  readonly workspaces: Observer<"Workspace">;
  readonly accounts: Observer<"Account">;
  readonly #workspace: string;

  static async open(config: Kubeconfig, workspace: string): Promise<Bench> {
    const [workspaces, accounts] = await Promise.all([
      Observer.start(config, { kind: "Workspace", workspace, isReady: ({ status }) => status?.phase === "Ready" }),
      Observer.start(config, { kind: "Account", workspace, isReady: (account) => isTrue(account, "Ready") }),
    ]);
    return new Bench(config, workspace, { workspaces, accounts });
  }

  constructor(config: Kubeconfig, workspace: string, observers: Pick<Bench, "workspaces" | "accounts">) {
    this.client = createClient({ config });
    this.#workspace = workspace;
    this.workspaces = observers.workspaces;
    this.accounts = observers.accounts;
  }

  /** Milliseconds until the Workspace is Ready. */
  async bare(name: string, org: string, type: string): Promise<number> {
    const start = performance.now();
    await this.#create("Workspace", name, { type: { name: workspaceTypeName(org, type), path: orgs } });
    return (await this.workspaces.readyAt(name)) - start;
  }

  /** Milliseconds until the Account is Ready, and how many of them after its Workspace was. */
  async account(name: string, type: string): Promise<{ readonly ready: number; readonly lag: number }> {
    const start = performance.now();
    await this.#create("Account", name, { type, displayName: name });
    const [ready, workspace] = await Promise.all([this.accounts.readyAt(name), this.workspaces.readyAt(name)]);
    return { ready: ready - start, lag: ready - workspace };
  }

  /** Milliseconds until it is gone. */
  async remove(kind: "Workspace" | "Account", name: string): Promise<number> {
    const start = performance.now();
    await this.client.delete(kinds[kind], { cluster: this.#workspace, name });
    const observer = kind === "Account" ? this.accounts : this.workspaces;
    return (await observer.goneAt(name)) - start;
  }

  close(): void {
    this.workspaces.stop();
    this.accounts.stop();
    this.client.close();
  }

  async #create(kind: Kind, name: string, spec: object): Promise<void> {
    const object = { apiVersion: apiVersionOf(kinds[kind]), kind, metadata: { name }, spec };
    await this.client.create(kinds[kind], this.#workspace, object);
  }
}

export const configOf = (file: string, context?: string): Promise<Kubeconfig> =>
  loadKubeconfig({ file, ...(context && { context }) });

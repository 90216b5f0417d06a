import { isTrue } from "../../shared/conditions.ts";
import { apiVersionOf, kinds } from "../../shared/kcp/kinds.ts";
import type { Kubeconfig } from "../../shared/kcp/kubeconfig.ts";
import type { Account } from "../../shared/kcp/objects.ts";
import { type Client, createClient } from "../../shared/kcp/rest.ts";
import { Observer } from "./observer.ts";

const orgs = "root:orgs";
const fanOut = 10;
/** Accounts that are on their way to Ready at a time. */
const atOnce = 50;

/** One org, and below it a tree in which every account has ten children, growing level by level. */
export class Tree {
  readonly client: Client;
  /** URL of the virtual workspace that shows all of them. */
  readonly wildcard: string;
  readonly #accounts: Observer<"Account">;
  /** Paths in the order in which they are made. */
  readonly #paths: string[] = [];

  private constructor(client: Client, wildcard: string, accounts: Observer<"Account">) {
    this.client = client;
    this.wildcard = wildcard;
    this.#accounts = accounts;
  }

  static async open(config: Kubeconfig): Promise<Tree> {
    const client = createClient({ config });
    const slice = await client.request<{ status: { endpoints: readonly { url: string }[] } }>({
      cluster: "root:platform-mesh-system",
      path: "/apis/apis.kcp.io/v1alpha1/apiexportendpointslices/core.platform-mesh.io",
    });
    const wildcard = slice.status.endpoints[0]?.url ?? "";
    const isReady = (account: Account) => isTrue(account, "Ready");
    const where = { ...config, server: wildcard };
    return new Tree(client, wildcard, await Observer.start(where, { kind: "Account", workspace: "*", isReady }));
  }

  /** Path of the n-th account. */
  path(n: number): string {
    return this.#paths[n] ?? "";
  }

  /** Makes one more, and answers the milliseconds until it is Ready. */
  async add(): Promise<number> {
    const number = this.#paths.length;
    const parent = number === 0 ? orgs : this.path(Math.floor((number - 1) / fanOut));
    const isOrg = number === 0;
    const name = isOrg ? "bench" : `a${number}`;
    this.#paths.push(`${parent}:${name}`);
    if (!isOrg) await this.#accounts.readyAt(parent.slice(parent.lastIndexOf(":") + 1));
    const start = performance.now();
    await this.client.create<Account>(kinds.Account, parent, {
      apiVersion: apiVersionOf(kinds.Account),
      kind: "Account",
      metadata: { name },
      spec: { type: isOrg ? "org" : "account", displayName: name },
    });
    return (await this.#accounts.readyAt(name)) - start;
  }

  /** Grows until it has so many accounts, all Ready, and answers how many it made. */
  async growTo(count: number): Promise<number> {
    const before = this.#paths.length;
    const worker = async () => {
      while (this.#paths.length < count) await this.add();
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    return this.#paths.length - before;
  }

  close(): void {
    this.#accounts.stop();
    this.client.close();
  }
}

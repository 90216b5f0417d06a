import { type Account, clusterOf } from "../../shared/kcp/objects.ts";

const maxRemembered = 1_000;

/** The accounts that functions have looked at last, for metrics: nothing is decided by them. */
export class SeenAccounts {
  readonly #accounts = new Map<string, Account>();

  add(account: Account): void {
    if (this.#accounts.size >= maxRemembered) this.#accounts.clear();
    this.#accounts.set(`${clusterOf(account)}/${account.metadata.name}`, account);
  }

  of(cluster: string, name: string): Account | undefined {
    return this.#accounts.get(`${cluster}/${name}`);
  }
}

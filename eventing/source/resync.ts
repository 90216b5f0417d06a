import { type Account, clusterOf } from "../../shared/kcp/objects.ts";
import { condition } from "../../shared/names.ts";

interface Turn {
  readonly uid: string;
  readonly isSettled: boolean;
  /** Milliseconds from the last turn to this one, before jitter. */
  readonly interval: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

const firstMs = 60_000;
const jitter = 0.1;

/** Says when which Account is to be looked at again though nothing has changed: each once in `resyncMs`, and sooner, in
 *  growing intervals from a minute on, while it is on its way up or down. */
export class ResyncSchedule {
  readonly #resyncMs: number;
  readonly #random: () => number;
  readonly #isSettled: (account: Account) => boolean;
  #turns = new Map<string, Turn>();

  constructor(resyncMs: number, random: () => number, isSettled = isReady) {
    this.#isSettled = isSettled;
    this.#resyncMs = resyncMs;
    this.#random = random;
  }

  /** The accounts whose turn it is at `now`; each of them has its next turn later. Forgets those that are not named. */
  due(accounts: Iterable<Account>, now: number): readonly Account[] {
    const turns = new Map<string, Turn>();
    const due: Account[] = [];
    for (const account of accounts) {
      const key = `${clusterOf(account)}/${account.metadata.name}`;
      const turn = this.#turnOf(account, this.#turns.get(key), now);
      if (turn.at <= now) due.push(account);
      turns.set(key, turn.at <= now ? this.#next(turn, now) : turn);
    }
    this.#turns = turns;
    return due;
  }

  #turnOf(account: Account, known: Turn | undefined, now: number): Turn {
    const { uid } = account.metadata;
    const isSettled = this.#isSettled(account);
    if (known?.uid === uid && known.isSettled === isSettled) return known;
    return this.#at({ uid, isSettled, interval: isSettled ? this.#resyncMs : Math.min(firstMs, this.#resyncMs) }, now);
  }

  #next(turn: Turn, now: number): Turn {
    return this.#at({ ...turn, interval: Math.min(this.#resyncMs, turn.interval * 2) }, now);
  }

  #at(turn: Omit<Turn, "at">, now: number): Turn {
    return { ...turn, at: now + turn.interval * (1 - jitter + 2 * jitter * this.#random()) };
  }
}

/** Ready, and not on its way down. */
export function isReady({ metadata, status }: Account): boolean {
  const ready = status?.conditions?.find(({ type }) => type === condition.ready);
  return metadata.deletionTimestamp === undefined && ready?.status === "True";
}

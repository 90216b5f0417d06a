import { setTimeout as delay } from "node:timers/promises";
import type { Reader } from "../../shared/kcp/client.ts";
import type { Account } from "../../shared/kcp/objects.ts";
import type { AccountPath } from "../account-path.ts";
import { phaseOf, waitsFor } from "../account-state.ts";
import type { Io } from "../command.ts";
import { CliError } from "../errors.ts";
import { isReady, milestones } from "./milestones.ts";

export interface Waiting {
  readonly reader: Pick<Reader, "get">;
  readonly at: AccountPath;
  readonly io: Pick<Io, "signal" | "now">;
  /** Milliseconds. */
  readonly timeout: number;
}

/** Milliseconds between two looks: close at first, when most accounts become ready, then ever wider. */
const shortest = 100;
const longest = 1_000;

/** Resolves once the account is Ready, telling each stage that it reaches; throws CliError when it fails or takes too long. */
export async function untilReady(waiting: Waiting, reach: (stage: string) => void): Promise<Account> {
  const told = new Set<string>();
  for await (const account of looks(waiting, "Ready")) {
    const { path } = waiting.at;
    if (!account) throw new CliError(`account ${path} is gone`, { next: `pm tree ${waiting.at.parent}` });
    for (const stage of milestones(account).filter((stage) => !told.has(stage))) {
      told.add(stage);
      reach(stage);
    }
    if (isReady(account)) return account;
    if (phaseOf(account) === "Failed") {
      throw new CliError(`account ${path} failed`, { why: waitsFor(account, undefined, []), next: `pm why ${path}` });
    }
  }
  throw new Error("unreachable: looks() ends by throwing");
}

/** Resolves once the account is gone, or another one has its name. */
export async function untilGone(waiting: Waiting, uid: string | undefined): Promise<void> {
  for await (const account of looks(waiting, "gone")) {
    if (!account || (uid !== undefined && account.metadata.uid !== uid)) return;
  }
}

/** The account as it is, again and again until the time is over. */
async function* looks({ reader, at, io, timeout }: Waiting, goal: string): AsyncGenerator<Account | undefined, never> {
  const end = io.now() + timeout;
  for (let pause = shortest; ; pause = Math.min(longest, pause * 1.2)) {
    const account = await reader.get("Account", at.parent, at.name, { signal: io.signal });
    yield account;
    if (io.now() >= end) {
      const why = account && waitsFor(account, undefined, []);
      const next = `pm why ${goal === "gone" ? "--delete " : ""}${at.path}`;
      throw new CliError(`account ${at.path} is not ${goal} after ${timeout / 1000} s`, { ...(why && { why }), next });
    }
    await delay(pause, undefined, { signal: io.signal });
  }
}

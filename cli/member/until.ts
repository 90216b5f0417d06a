import { setTimeout as delay } from "node:timers/promises";
import type { Membership } from "../../shared/kcp/objects.ts";
import { conditionOf, memberCondition, memberReason } from "../../shared/membership.ts";
import type { Io } from "../command.ts";
import { CliError } from "../errors.ts";
import type { Reader } from "./members.ts";

export interface Waiting {
  readonly reader: Reader;
  /** Path of the account. */
  readonly path: string;
  /** Of the Membership. */
  readonly name: string;
  readonly subject: string;
  readonly io: Pick<Io, "signal" | "now">;
  /** Milliseconds. */
  readonly timeout: number;
}

/** Milliseconds between two looks. */
const pause = 150;
const neverBy: readonly string[] = [memberReason.invalid, memberReason.subjectChanged, memberReason.lastOwner];

/** Resolves once the role is there, and the invitation; tells each condition that becomes True. */
export async function untilMember(waiting: Waiting, reach: (stage: string) => void): Promise<Membership> {
  const { path, subject } = waiting;
  const told = new Set<string>();
  for await (const membership of looks(waiting, "has not got the role")) {
    if (!membership) throw new CliError(`somebody removed ${subject} from ${path} meanwhile`, { next: nextOf(path) });
    if (!isCurrent(membership)) continue;
    for (const type of [memberCondition.granted, memberCondition.invited]) {
      if (told.has(type) || conditionOf(membership, type)?.status !== "True") continue;
      told.add(type);
      reach(type);
    }
    const ready = conditionOf(membership, memberCondition.ready);
    if (ready?.status === "True") return membership;
    if (ready && neverBy.includes(ready.reason))
      throw new CliError(`${subject} does not get the role`, { where: path, why: ready.message, next: nextOf(path) });
  }
  throw new Error("unreachable: looks() ends by throwing");
}

/** Resolves once the role is taken away. */
export async function untilRemoved(waiting: Waiting): Promise<void> {
  const { path, subject } = waiting;
  for await (const membership of looks(waiting, "still has the role")) {
    if (!membership) return;
    const ready = conditionOf(membership, memberCondition.ready);
    if (ready?.reason !== memberReason.lastOwner) continue;
    throw new CliError(`${subject} stays owner`, {
      where: path,
      why: ready.message,
      next: `pm member add SUBJECT --role owner -w ${path}`,
    });
  }
}

async function* looks(waiting: Waiting, problem: string): AsyncGenerator<Membership | undefined, never> {
  const { reader, path, name, subject, io, timeout } = waiting;
  const end = io.now() + timeout;
  for (;;) {
    const membership = await reader.get("Membership", path, name, { signal: io.signal });
    yield membership;
    if (io.now() >= end) {
      const why = membership && stateOf(membership).message;
      throw new CliError(`${subject} ${problem} after ${timeout / 1000} s`, {
        where: path,
        ...(why && { why }),
        next: nextOf(path),
      });
    }
    await delay(pause, undefined, { signal: io.signal });
  }
}

/** How a Membership stands, in words. */
export function stateOf(membership: Membership): {
  readonly ready: boolean;
  readonly reason: string;
  readonly message: string;
} {
  const ready = conditionOf(membership, memberCondition.ready);
  const isDeleting = membership.metadata.deletionTimestamp !== undefined;
  if (!ready || (!isDeleting && !isCurrent(membership)))
    return { ready: false, reason: "Unseen", message: "no function has looked at it yet: is pm run up, with OpenFGA?" };
  const { status, reason, message } = ready;
  const isLeaving = isDeleting && reason !== memberReason.lastOwner;
  return { ready: status === "True" && !isDeleting, reason: isLeaving ? "Leaving" : reason, message };
}

const isCurrent = ({ metadata, status }: Membership): boolean => status?.observedGeneration === metadata.generation;

const nextOf = (path: string): string => `pm member list -w ${path}`;

import { FgaError } from "../../shared/fga/fga.ts";
import { drop, type Outcome, requeue } from "../../shared/function.ts";
import { IdentityError } from "../../shared/identity/identity.ts";
import { messageOf } from "../../shared/kcp/errors.ts";
import { memberReason } from "../../shared/membership.ts";
import { type Claim, claimOf, isSettled } from "./claim.ts";
import { no } from "./status.ts";
import type { Team } from "./team.ts";

/** What passes by itself is not worth an alarm: an error is told once its event is this old, in milliseconds. */
const alarmAfterMs = 5_000;
const shortestMs = 1_000;
const longestMs = 60_000;

export const isTrouble = (error: unknown): error is FgaError | IdentityError =>
  error instanceof FgaError || error instanceof IdentityError;

/** A server that is away is waited for without an end, ever more patiently: nothing of kcp would wake the function. */
export const later = (error: Error, team: Team): Outcome =>
  requeue(Math.min(longestMs, Math.max(shortestMs, ageOf(team) / 4)), messageOf(error));

/** Says of what is not settled that it is not. What the server will never take is not tried again. */
export async function troubled(
  error: FgaError | IdentityError,
  claims: readonly Claim[],
  team: Team,
): Promise<Outcome> {
  const isFinal = error.problem === "refused";
  if (isFinal || ageOf(team) >= alarmAfterMs) await alarm(error, claims, team);
  return isFinal ? drop(messageOf(error)) : later(error, team);
}

async function alarm(error: Error, claims: readonly Claim[], team: Team): Promise<void> {
  const { cluster, info } = team.place;
  const open = claims.filter((claim) => !isSettled(claim, info?.spec.fga.store.id)).map(uidOf);
  const granted = no(memberReason.error, `the role cannot be changed now: ${messageOf(error)}`);
  // As they are after what was written before the error.
  for (const membership of await team.deps.membershipsIn(cluster)) {
    const claim = claimOf(membership, cluster);
    if (open.includes(uidOf(claim)) && !claim.isRevoked) await team.tell(claim, { granted });
  }
}

const uidOf = ({ membership }: Claim): string => membership.metadata.uid;

const ageOf = ({ event, ctx }: Team): number => Math.max(0, ctx.now() - Date.parse(event.time ?? "")) || 0;

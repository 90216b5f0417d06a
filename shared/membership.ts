import { createHash } from "node:crypto";
import { fgaUser, userProblem } from "./fga/tuples.ts";
import { messageOf } from "./kcp/errors.ts";
import type { Condition, Membership } from "./kcp/objects.ts";

/** Conditions of a Membership. */
export const memberCondition = {
  /** The role is written in OpenFGA. */
  granted: "Granted",
  /** A person with an e-mail address can log in, or needs no invitation. */
  invited: "Invited",
  ready: "Ready",
} as const;

/** Reasons that others than people look for. */
export const memberReason = {
  waiting: "Waiting",
  granting: "Granting",
  granted: "Granted",
  revoked: "Revoked",
  /** Somebody else must become owner of the org first. */
  lastOwner: "LastOwner",
  invalid: "Invalid",
  /** The subject of a Membership cannot be changed. */
  subjectChanged: "SubjectChanged",
  error: "Error",
} as const;

export const isEmail = (subject: string): boolean => /^[^\s@:]+@[^\s@:]+$/.test(subject);

/** Why nobody of that name can have a role, with what to do; the same for people at the command line and for objects. */
export function subjectProblem(subject: string): string | undefined {
  const problem = userProblem(subject) ?? lengthProblem(subject);
  return problem && `subject ${JSON.stringify(subject)} is no user: ${problem}; give an e-mail address or a user name`;
}

/** Escaping makes some names longer than they are; ids of clusters all have the same length. */
function lengthProblem(subject: string): string | undefined {
  try {
    fgaUser(subject, "2kd3wuwyvgtqo5d4");
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** Name of the Membership that `pm member add` makes for a subject: readable, and the same each time. */
export function membershipName(subject: string): string {
  const readable = subject
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .slice(0, 40)
    .replaceAll(/^-+|-+$/g, "");
  return [readable, sha256(subject).slice(0, 8)].filter(Boolean).join("-");
}

/** Names a person without telling who it is: e-mail addresses are not case-sensitive. */
export const hashedSubject = (subject: string): string => `sha256:${sha256(subject.toLowerCase())}`;

export const conditionOf = ({ status }: Membership, type: string): Condition | undefined =>
  status?.conditions?.find((condition) => condition.type === type);

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

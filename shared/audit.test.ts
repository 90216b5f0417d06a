import { expect, test } from "vitest";
import { auditName, auditTuple } from "./audit.ts";
import { fgaUser } from "./fga/tuples.ts";
import { hashedSubject } from "./membership.ts";

const hashing = { hashSubjects: true };
const tuple = (user: string) => ({ user, relation: "assignee", object: "role:x" });

test.each(["alice@x.io", "Alice@X.io", "a%b@x.io", "a%3Ab@x.io"])(
  "8B.9 %s is named by one digest, as person and in tuples",
  (mail) => {
    expect(auditName(mail, hashing)).toBe(hashedSubject(mail));
    expect(auditTuple(tuple(fgaUser(mail)), hashing)).toEqual(tuple(`user:${hashedSubject(mail)}`));
    expect(auditTuple(tuple(fgaUser(mail)), undefined)).toEqual(tuple(fgaUser(mail)));
  },
);

test.each(["user:kcp-admin", "user:a%25b", "user:*", "role:x#assignee"])("%s is nobody's address and stays", (user) => {
  expect(auditTuple(tuple(user), hashing)).toEqual(tuple(user));
});

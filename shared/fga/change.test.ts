import fc from "fast-check";
import { expect, test } from "vitest";
import { batches, isGrant, ordered, planTuples } from "./change.ts";
import type { Tuple } from "./fga.ts";
import { accountTuples, assignment, fgaUser, formatTuple, roleLink } from "./tuples.ts";

const acme = { cluster: "o", name: "acme" };
const team = { cluster: "a", name: "team" };
const wanted = accountTuples(team, acme, "bob@x.io");
const [parent, link, grant] = wanted;
const foreign = assignment(team, "member", fgaUser("carol@x.io"));
const old = roleLink(team, "member");
const text = (tuples: readonly Tuple[]) => tuples.map(formatTuple);

const tuple = fc.record({
  user: fc.constantFrom("user:a", "user:b", "role:r/owner#assignee", "t:p"),
  relation: fc.constantFrom("assignee", "owner", "parent"),
  object: fc.constantFrom("t:1", "t:2", "role:r/owner"),
});
const tuples = fc.array(tuple, { maxLength: 40 });
const isIn = (list: readonly Tuple[]) => {
  const texts = new Set(text(list));
  return (one: Tuple) => texts.has(formatTuple(one));
};

test("8B.2: nothing is there: all is written, structure before the grant", () => {
  const plan = planTuples({ actual: [], wanted: wanted.toReversed() });
  expect(text(plan.writes)).toEqual(text([parent, link, grant].filter((one) => one !== undefined)));
  expect(plan).toMatchObject({ deletes: [], foreign: [], withheld: [] });
});

test("8B.2: what somebody else wrote is kept, what we wrote and want no more is deleted", () => {
  const plan = planTuples({ actual: [...wanted, foreign, old], wanted, managed: [old, ...wanted] });
  expect(plan).toEqual({ writes: [], deletes: [old], foreign: [foreign], withheld: [] });
});

test("8B.1: a creator whose role was taken away does not get it again; what is structure is repaired", () => {
  const plan = planTuples({ actual: [], wanted, seeded: wanted });
  expect(text(plan.writes)).toEqual(text(wanted.slice(0, 2)));
  expect(plan.withheld).toEqual(wanted.slice(2));
});

test("8B.2: a plan carried out leaves nothing to plan, and touches nothing that is foreign", () => {
  fc.assert(
    fc.property(tuples, tuples, tuples, tuples, (actual, goal, managed, seeded) => {
      const plan = planTuples({ actual, wanted: goal, managed, seeded });
      const after = [...actual.filter((one) => !isIn(plan.deletes)(one)), ...plan.writes];
      const again = planTuples({ actual: after, wanted: goal, managed, seeded });
      expect([again.writes, again.deletes]).toEqual([[], []]);
      expect(plan.foreign.every(isIn(after))).toBe(true);
      expect(goal.every((one) => isIn(after)(one) || isIn(plan.withheld)(one))).toBe(true);
      expect(plan.deletes.every((one) => isIn(managed)(one) && !isIn(goal)(one))).toBe(true);
    }),
  );
});

test("S19: a tuple to be written and deleted in one change is refused", () => {
  expect(() => ordered({ writes: wanted, deletes: [...wanted] })).toThrow("is to be written and deleted in one change");
});

test("8B.3: a change is the same whatever order its tuples came in, and repetitions are removed", () => {
  fc.assert(
    fc.property(tuples, fc.array(tuple), (some, shuffle) => {
      const mixed = [...some.toReversed(), ...some, ...shuffle.filter(isIn(some))];
      expect(ordered({ writes: mixed, deletes: [] })).toEqual(ordered({ writes: some, deletes: [] }));
      expect(ordered({ writes: [], deletes: mixed })).toEqual(ordered({ writes: [], deletes: some }));
    }),
  );
});

test("8B.3: after any batch nobody has a right without its structure, and revocations are done first", () => {
  fc.assert(
    fc.property(tuples, tuples, fc.integer({ min: 1, max: 9 }), (some, others, size) => {
      const deletes = others.filter((one) => !isIn(some)(one));
      const parts = batches({ writes: some, deletes }, size);
      const steps = parts.flatMap((part) => [
        ...part.deletes.map((one) => ({ rank: isGrant(one) ? 0 : 1 })),
        ...part.writes.map((one) => ({ rank: isGrant(one) ? 3 : 2 })),
      ]);
      expect(steps.map(({ rank }) => rank)).toEqual(
        steps.map(({ rank }) => rank).toSorted((one, other) => one - other),
      );
      for (const part of parts) expect(part.writes.length + part.deletes.length).toBeLessThanOrEqual(size);
      expect(parts.flatMap((part) => part.writes)).toEqual(ordered({ writes: some, deletes: [] }).writes);
      expect(parts.flatMap((part) => part.deletes)).toEqual(ordered({ writes: [], deletes }).deletes);
      if (new Set(text([...some, ...deletes])).size <= size) expect(parts.length).toBeLessThanOrEqual(1);
    }),
  );
});

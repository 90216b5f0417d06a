import { FgaError, type Tuple } from "./fga.ts";
import { formatTuple } from "./tuples.ts";

export interface Plan {
  /** Structure first, then grants: nobody has a right before what bounds it is there. */
  readonly writes: readonly Tuple[];
  /** Grants first, then structure. */
  readonly deletes: readonly Tuple[];
}
export interface Drift extends Plan {
  /** Neither wanted nor written by us: somebody else's, kept (security.md 8B.2). */
  readonly foreign: readonly Tuple[];
  /** Wanted, but given once already and gone since: taken away on purpose, not given again (security.md 8B.1). */
  readonly withheld: readonly Tuple[];
}

/** What makes the wanted tuples true. Of the others only those in `managed` are deleted; of the wanted ones the grants in
 *  `seeded` are not written again. */
export function planTuples(given: {
  readonly actual: readonly Tuple[];
  readonly wanted: readonly Tuple[];
  readonly managed?: readonly Tuple[];
  readonly seeded?: readonly Tuple[];
}): Drift {
  const [actual, wanted, managed, seeded] = [given.actual, given.wanted, given.managed, given.seeded].map(byText);
  const missing = [...(wanted ?? [])].filter(([text]) => !actual?.has(text));
  const isWithheld = ([text, tuple]: [string, Tuple]) => isGrant(tuple) && seeded?.has(text) === true;
  const others = [...(actual ?? [])].filter(([text]) => !wanted?.has(text));
  return {
    writes: structureFirst(missing.filter((entry) => !isWithheld(entry)).map(([, tuple]) => tuple)),
    deletes: structureFirst(others.filter(([text]) => managed?.has(text)).map(([, tuple]) => tuple)).reverse(),
    foreign: structureFirst(others.filter(([text]) => !managed?.has(text)).map(([, tuple]) => tuple)),
    withheld: structureFirst(missing.filter(isWithheld).map(([, tuple]) => tuple)),
  };
}

/** Gives somebody something, where structure only says what belongs to what. */
export const isGrant = ({ user, relation }: Tuple): boolean => relation === "assignee" || user.startsWith("user:");

/** Without repetitions and always in the same order, so that one change is one change however it was put together.
 *  Throws FgaError for a tuple that is to be written and deleted at once. */
export function ordered({ writes, deletes }: Plan): Plan {
  const [toWrite, toDelete] = [byText(writes), byText(deletes)];
  const both = [...toWrite.keys()].find((text) => toDelete.has(text));
  if (both) {
    throw new FgaError(`${both} is to be written and deleted in one change`, {
      problem: "refused",
      code: "cannot_allow_duplicate_tuples_in_one_request",
    });
  }
  return {
    writes: structureFirst([...toWrite.values()]),
    deletes: structureFirst([...toDelete.values()]).reverse(),
  };
}

/** Cut into pieces of at most `size`, each safe after the one before: what is taken away goes first. */
export function batches(plan: Plan, size: number): readonly Plan[] {
  const { writes, deletes } = ordered(plan);
  const count = Math.ceil((writes.length + deletes.length) / size);
  return Array.from({ length: count }, (_, index) => {
    const [from, to] = [index * size, (index + 1) * size];
    const start = (at: number) => Math.max(0, at - deletes.length);
    return { deletes: deletes.slice(from, to), writes: writes.slice(start(from), start(to)) };
  });
}

const byText = (tuples: readonly Tuple[] = []): ReadonlyMap<string, Tuple> =>
  new Map(tuples.map((tuple) => [formatTuple(tuple), tuple]));

function structureFirst(tuples: readonly Tuple[]): Tuple[] {
  const key = (tuple: Tuple) => `${isGrant(tuple) ? 1 : 0} ${formatTuple(tuple)}`;
  return tuples.toSorted((one, other) => (key(one) < key(other) ? -1 : 1));
}

import fc from "fast-check";
import type { Action, Fault } from "./action.ts";

/** A run: what happens, and the number from which all delays in it are drawn. */
export interface Sequence {
  readonly salt: number;
  readonly actions: readonly Action[];
}

const orgs = ["acme", "beta"];
const names = ["dev", "qa"];
const invalid = ["1st", "ab", "master", "with.dot", `o${"r".repeat(59)}`];

const org = fc.constantFrom(...orgs);
const name = fc.constantFrom(...names);
/** Few names, and rarely deep ones, so that the actions of one run meet. */
const account = fc
  .oneof(
    { weight: 4, arbitrary: fc.tuple(org, name) },
    { weight: 2, arbitrary: fc.tuple(org, name, name) },
    { weight: 1, arbitrary: fc.tuple(org, name, name, name) },
  )
  .map((path) => path.join(":"));
/** Those that mostly stand before the rest begins. */
const usual = ["acme", "acme:dev", "acme:dev:qa", "acme:qa", "beta", "beta:dev"];
const path = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...usual) }, { weight: 1, arbitrary: account });

const create = fc.oneof(
  { weight: 4, arbitrary: org.map((where): Action => ({ does: "create", path: where, type: "org" })) },
  { weight: 8, arbitrary: account.map((where): Action => ({ does: "create", path: where, type: "account" })) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.oneof(fc.constantFrom(...invalid), path), fc.constantFrom("org", "account", "team"))
      .map(([where, type]): Action => ({ does: "create", path: where, type })),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(org, fc.constantFrom(...invalid))
      .map(([first, last]): Action => ({ does: "create", path: `${first}:${last}`, type: "account" })),
  },
);

const edit = fc.record<Extract<Action, { does: "edit" }>>({
  does: fc.constant("edit"),
  path,
  what: fc.constantFrom(
    "displayName",
    "data",
    "label",
    "refresh label",
    "type to team",
    "type to org",
    "type to account",
  ),
});
const remove = fc.record<Extract<Action, { does: "delete" }>>({
  does: fc.constant("delete"),
  path,
  how: fc.constantFrom("Background", "Background", "Background", "Foreground", "Orphan"),
});
const destroy = fc.record<Extract<Action, { does: "destroy" }>>({
  does: fc.constant("destroy"),
  path,
  what: fc.constantFrom("Workspace", "AccountInfo", "WorkspaceType for the org", "WorkspaceType for accounts"),
});
const spoil = fc.record<Extract<Action, { does: "spoil" }>>({
  does: fc.constant("spoil"),
  path,
  what: fc.constantFrom(
    "owner of the Workspace",
    "lineage in the AccountInfo",
    "security in the AccountInfo",
    "finalizers of the AccountInfo",
    "finalizers of the Account",
    "status of the Account",
    "limits of the WorkspaceType",
    "org of the WorkspaceType",
  ),
});
const squat = path.map((where): Action => ({ does: "squat", path: where }));
const adopt = path.map((where): Action => ({ does: "adopt", path: where }));
const wait = fc
  .constantFrom(1, 10, 50, 50, 200, 200, 1_000, 1_000, 5_000, 20_000, 70_000)
  .map((ms): Action => ({ does: "wait", ms }));

const some = fc.integer({ min: 1, max: 8 });
const fault: fc.Arbitrary<Fault> = fc.oneof(
  fc.constant<Fault>({ is: "cut watches" }),
  fc.constant<Fault>({ is: "compacted" }),
  fc.record<Extract<Fault, { is: "deliveries" }>>({
    is: fc.constant("deliveries"),
    are: fc.constantFrom("dropped", "doubled", "late", "very late", "overtaken"),
    next: some,
  }),
  fc.record<Extract<Fault, { is: "publishing fails" }>>({ is: fc.constant("publishing fails"), next: some }),
  fc.record<Extract<Fault, { is: "crash" }>>({
    is: fc.constant("crash"),
    when: fc.constantFrom("before", "after"),
    write: some,
  }),
  fc.record<Extract<Fault, { is: "answers" }>>({
    is: fc.constant("answers"),
    are: fc.constantFrom("403", "409", "500", "no answer, not done", "no answer, done"),
    next: some,
  }),
  fc.record<Extract<Fault, { is: "restart" }>>({ is: fc.constant("restart"), bus: fc.constantFrom("kept", "lost") }),
);

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 7, arbitrary: create },
  { weight: 5, arbitrary: wait },
  { weight: 4, arbitrary: remove },
  { weight: 4, arbitrary: fault.map((each): Action => ({ does: "fault", fault: each })) },
  { weight: 2, arbitrary: edit },
  { weight: 2, arbitrary: destroy },
  { weight: 4, arbitrary: spoil },
  { weight: 1, arbitrary: squat },
  { weight: 1, arbitrary: adopt },
);

/** Otherwise few actions would find anything to act on. */
const tree = fc.tuple(...usual.map(mostly)).map((steps) => steps.flat());

function mostly(where: string): fc.Arbitrary<readonly Action[]> {
  const type = where.includes(":") ? "account" : "org";
  const steps: Action[] = [
    { does: "create", path: where, type },
    { does: "wait", ms: 1_000 },
  ];
  return fc.nat(9).map((dice) => (dice === 0 ? [] : steps));
}

export const sequence: fc.Arbitrary<Sequence> = fc
  .tuple(fc.nat(1_000_000), tree, fc.array(action, { maxLength: 25, size: "max" }), fc.nat(2))
  .map(([salt, first, then, dice]) => {
    // In a third of them nothing goes wrong: then all has to be right without another look.
    const later = dice === 1 ? then.filter(({ does }) => does !== "fault") : then;
    return { salt, actions: [...first, ...later] };
  });

import type { Action } from "../action.ts";
import type { Sequence } from "../arbitrary.ts";

const create = (path: string, type = path.includes(":") ? "account" : "org"): Action => ({
  does: "create",
  path,
  type,
});
const wait = (ms: number): Action => ({ does: "wait", ms });
/** Accounts that are Ready before the next happens. */
const ready = (...paths: readonly string[]): readonly Action[] => paths.flatMap((path) => [create(path), wait(1_000)]);
const lostWatches: Action = { does: "fault", fault: { is: "compacted" } };

/** Sequences that once broke something, by what should have been. */
export const cases: Readonly<Record<string, Sequence>> = {
  "an org that is made an account by its type stays an org, and says so": {
    salt: 0,
    actions: [...ready("acme", "acme:qa"), { does: "edit", path: "acme", what: "type to account" }],
  },
  "an org that was made an account by its type keeps the WorkspaceTypes that its accounts need": {
    salt: 0,
    actions: [
      ...ready("beta", "beta:dev"),
      { does: "edit", path: "beta", what: "type to account" },
      create("beta:dev:dev"),
      { does: "spoil", path: "beta:dev", what: "limits of the WorkspaceType" },
    ],
  },
  "its WorkspaceTypes go with an org whose type was changed": {
    salt: 0,
    actions: [
      ...ready("acme"),
      { does: "edit", path: "acme", what: "type to account" },
      { does: "delete", path: "acme", how: "Background" },
    ],
  },
  "its WorkspaceTypes go with an org though one was labelled with another": {
    salt: 0,
    actions: [
      ...ready("beta"),
      { does: "fault", fault: { is: "restart", bus: "lost" } },
      { does: "delete", path: "beta", how: "Background" },
      { does: "spoil", path: "beta", what: "org of the WorkspaceType" },
    ],
  },
  "its Workspace goes with an account that is deleted with --cascade=orphan": {
    salt: 0,
    actions: [...ready("beta", "beta:dev"), { does: "delete", path: "beta", how: "Orphan" }],
  },
  "its refresh label is taken from an account that is refused, too": {
    salt: 0,
    actions: [
      ...ready("beta"),
      create("beta:qa"),
      { does: "edit", path: "beta:qa", what: "refresh label" },
      { does: "edit", path: "beta:qa", what: "type to org" },
    ],
  },
  "a wait that an error has overtaken is not told any more": {
    salt: 0,
    actions: [
      create("acme"),
      { does: "edit", path: "acme", what: "displayName" },
      create("acme"),
      create("acme:dev"),
      wait(1),
      { does: "edit", path: "acme:dev", what: "type to org" },
    ],
  },
  "an account that is made in a workspace that is being deleted does not hold it for ever": {
    salt: 0,
    actions: [
      ...ready("beta", "beta:dev"),
      { does: "destroy", path: "beta:dev", what: "Workspace" },
      lostWatches,
      wait(1),
      create("beta:dev:dev"),
    ],
  },
  "a type that was changed is in the AccountInfo without another look": {
    salt: 0,
    actions: [...ready("acme", "acme:qa"), { does: "edit", path: "acme:qa", what: "type to team" }],
  },
  "a workspace whose end is seen after that of its AccountInfo is not let go with accounts in it": {
    salt: 59505,
    actions: [
      ...ready("acme", "acme:dev", "acme:dev:qa", "acme:qa", "beta", "beta:dev"),
      { does: "destroy", path: "beta:dev", what: "Workspace" },
      { does: "delete", path: "acme", how: "Background" },
      lostWatches,
    ],
  },
  "a WorkspaceType that was made anew and changed by hand while nobody watched is put right": {
    salt: 9,
    actions: [
      ...ready("acme", "acme:qa", "beta", "beta:dev"),
      create("acme:dev"),
      { does: "destroy", path: "beta:dev", what: "WorkspaceType for accounts" },
      lostWatches,
      create("beta:dev:dev"),
      { does: "spoil", path: "beta:dev:dev", what: "limits of the WorkspaceType" },
    ],
  },
};

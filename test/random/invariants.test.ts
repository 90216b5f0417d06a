import { afterAll, beforeAll, expect, test } from "vitest";
import type { Action } from "./action.ts";
import { type End, violationsOf } from "./invariants.ts";
import { Installation } from "./run.ts";
import type { World } from "./world.ts";

/** The end of a run in which all is well: an org with an account that is Ready. */
let good: End;
let installation: Installation;
beforeAll(async () => {
  installation = await Installation.make();
  const create = (path: string, type: string): Action[] => [
    { does: "create", path, type },
    { does: "wait", ms: 1_000 },
  ];
  good = await installation.play({ salt: 0, actions: [...create("acme", "org"), ...create("acme:dev", "account")] });
});
afterAll(() => installation[Symbol.asyncDispose]());

test("finds nothing in a good world", () => expect(violationsOf(good)).toEqual([]));

type Change = (object: Record<string, unknown> & { metadata: object }) => object | undefined;

/** The same world but for what becomes of the objects of one kind: taken away when `undefined`. */
function bad(kind: string, change: Change): End {
  const world: World = {
    all: (each) => {
      const objects = good.world.all(each);
      if (each !== kind) return objects;
      return JSON.parse(JSON.stringify(objects))
        .map(change)
        .filter((object: unknown) => object !== undefined);
    },
  };
  return { ...good, world };
}

const meta =
  (more: object): Change =>
  (object) => ({ ...object, metadata: { ...object.metadata, ...more } });
const gone: Change = () => undefined;
const deleting = meta({ deletionTimestamp: "2026-01-01T00:00:00Z" });
const named =
  (name: string, change: Change): Change =>
  (object) =>
    "name" in object.metadata && object.metadata.name === name ? change(object) : object;

test.each<[what: string, broken: string, end: () => End]>([
  ["an account without status", "readyOrSaysWhy", () => bad("Account", (each) => ({ ...each, status: {} }))],
  ["an old observedGeneration", "readyOrSaysWhy", () => bad("Account", meta({ generation: 7 }))],
  [
    "a Workspace without owner",
    "workspacesBelong",
    () => bad("Workspace", named("dev", meta({ ownerReferences: [] }))),
  ],
  ["an AccountInfo that is not there", "lineageIsRight", () => bad("AccountInfo", gone)],
  ["an AccountInfo without finalizer", "lineageIsRight", () => bad("AccountInfo", meta({ finalizers: [] }))],
  ["a WorkspaceType that is not there", "typesAreRight", () => bad("WorkspaceType", named("acme-account", gone))],
  [
    "a WorkspaceType without label",
    "typesAreRight",
    () => bad("WorkspaceType", named("acme-org", meta({ labels: {} }))),
  ],
  ["an Account that is gone", "goneIsGone", () => bad("Account", named("dev", gone))],
  ["an AccountInfo that goes on being deleted", "goneIsGone", () => bad("AccountInfo", deleting)],
  ["a workspace that is left over", "goneIsGone", () => bad("Workspace", named("dev", gone))],
  ["a label that nobody set", "wishesAreKept", () => bad("Account", meta({ labels: { team: "blue" } }))],
  ["a write at rest", "allIsAtRest", () => ({ ...good, writesAtRest: 1 })],
  ["a timer that is left", "allIsAtRest", () => ({ ...good, timersLeft: 1 })],
  ["a dead letter", "allIsAtRest", () => ({ ...good, deadLetters: ["one"] })],
  ["a hot loop", "workIsBounded", () => ({ ...good, invocations: 10_000 })],
])("finds %s", (_what, broken, end) => {
  expect(violationsOf(end()).map((each) => each.split(":")[0])).toContain(broken);
});

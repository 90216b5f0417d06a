import { expect, test } from "vitest";
import type { Tuple } from "./fga.ts";
import { belongsTo, revocation, revoke, roleTuplesOf } from "./revocation.ts";
import { accountTuples, assignment, fgaUser, formatTuple, orgTuples, roleLink, roleTuples } from "./tuples.ts";

const acme = { cluster: "orgs", name: "acme" };
const team = { cluster: "A", name: "team" };
const sibling = { cluster: "A", name: "team-2" };
const child = { cluster: "B", name: "dev" };
const bob = fgaUser("bob@x.io");
const parse = (text: string): Tuple => {
  const [user = "", relation = "", object = ""] = text.split(" ");
  return { user, relation, object };
};

const others = [
  ...orgTuples(acme, "alice@x.io"),
  ...accountTuples(sibling, acme, "alice@x.io"),
  ...accountTuples(child, team, "carol@x.io"),
  ...roleTuples(child, "member", bob),
  ...["role:core_namespace/A/default/owner", "role:core_namespace/BB/default/owner"].map((role) =>
    parse(`user:bob@x.io assignee ${role}`),
  ),
];
const own = [
  ...accountTuples(team, acme, "bob@x.io"),
  ...roleTuples(team, "member", fgaUser("carol@x.io")),
  parse("user:bob@x.io assignee role:core_platform-mesh_io_account/A/team/auditor"),
  parse("role:core_platform-mesh_io_account/A/team/owner#assignee member core_platform-mesh_io_account:A/team-2"),
  parse("apis_kcp_io_apiexport:X/things bind core_platform-mesh_io_account:A/team"),
];
const inWorkspace = [
  "user:bob@x.io assignee role:core_namespace/B/default/owner",
  "role:core_namespace/B/default/owner#assignee owner core_namespace:B/default",
  "user:bob@x.io assignee role:core_configmap/B/default/cm/owner",
  "apis_kcp_io_apiexport:B/things bind core_platform-mesh_io_account:orgs/acme",
].map(parse);
const names = (tuples: readonly Tuple[]) => tuples.map(formatTuple).toSorted();

test("S21: the tuples and all roles of a deleted account go, those of parent, siblings and children stay", () => {
  const goes = belongsTo({ account: team });
  expect(names([...others, ...own, ...inWorkspace].filter(goes))).toEqual(names(own));
});

test("8B.4: what was written about objects of its workspace goes too, accounts in there excepted", async () => {
  const store = memory([...others, ...own, ...inWorkspace]);
  const found = await revocation(store, { store: "s", account: team, cluster: "B" });
  expect(names(found)).toEqual(names([...own, ...inWorkspace]));
});

test("8B.4: looks again after deleting, so that a role granted meanwhile goes too; then there is nothing to do", async () => {
  const late = assignment(team, "member", fgaUser("late@x.io"));
  const store = memory([...others, ...own, ...inWorkspace], [late]);
  const revoked = { store: "s", account: team, cluster: "B" };
  expect(names(await revoke(store, revoked))).toEqual(names([...own, ...inWorkspace, late]));
  expect(names(store.tuples())).toEqual(names(others));
  expect(await revoke(store, revoked)).toEqual([]);
  expect(store.writes).toBe(2);
});

test("who has a role of an account is found without reading the store", async () => {
  const store = memory([...others, ...own]);
  expect(names(await roleTuplesOf(store, { store: "s", account: team }))).toEqual([
    "user:bob@x.io assignee role:core_platform-mesh_io_account/A/team/owner",
    "user:carol@x.io assignee role:core_platform-mesh_io_account/A/team/member",
  ]);
  expect(names(own)).toContain(formatTuple(roleLink(team, "member")));
});

/** A store of tuples; `late` come in with the first write. */
function memory(start: readonly Tuple[], late: readonly Tuple[] = []) {
  let tuples = start;
  let writes = 0;
  return {
    tuples: () => tuples,
    get writes() {
      return writes;
    },
    async read({ filter }: { filter: Partial<Tuple> }) {
      return tuples.filter((tuple) => !filter.object || tuple.object === filter.object);
    },
    async write({ deletes }: { deletes: readonly Tuple[] }) {
      const gone = new Set(deletes.map(formatTuple));
      tuples = tuples.filter((tuple) => !gone.has(formatTuple(tuple)));
      if (writes++ === 0) tuples = [...tuples, ...late];
    },
  };
}

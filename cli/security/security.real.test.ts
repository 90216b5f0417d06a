import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { createFga, type FgaClient } from "../../shared/fga/client.ts";
import type { Tuple } from "../../shared/fga/fga.ts";
import {
  accountObject,
  accountTuples,
  assignment,
  fgaUser,
  formatTuple,
  parentLink,
  roleLink,
  roleTuples,
} from "../../shared/fga/tuples.ts";
import { KcpServer } from "../../test/kcp-server.ts";
import { makeOrgStore } from "../../test/org-store.ts";
import { type Ran, runPm } from "../../test/run-pm.ts";
import { startOpenFga, type TestOpenFga } from "../../test/servers.ts";

const org = "root:orgs:acme";
const [acme, team, dev, gone] = [
  { cluster: "orgs1", name: "acme" },
  { cluster: "acme1", name: "team" },
  { cluster: "team1", name: "dev" },
  { cluster: "acme1", name: "gone" },
] as const;

let openFga: TestOpenFga;
let fga: FgaClient;
let kcp: KcpServer;
let store: string;

beforeAll(async () => {
  openFga = await startOpenFga();
  fga = createFga(openFga);
});
afterAll(async () => {
  fga?.close();
  await openFga?.stop();
});
beforeEach(async () => {
  store = await makeOrgStore(fga, acme, "alice@x.io");
  await write(...accountTuples(team, acme, "bob@x.io"), ...accountTuples(dev, team, "carol@x.io"));
  await write(...roleTuples(team, "member", fgaUser("dan@x.io")));
  kcp = await KcpServer.start();
  account("root:orgs", acme, { own: "acme1", creator: "alice@x.io" });
  account(org, team, { own: "team1", creator: "bob@x.io" });
  account(`${org}:team`, dev, { own: "dev1", creator: "carol@x.io" });
  const spec = { subject: "dan@x.io", role: "member" };
  kcp.put(`${org}:team`, {
    kind: "Membership",
    metadata: { name: "dan", annotations: { "kcp.io/cluster": "team1" } },
    spec,
  });
});

afterEach(() => kcp[Symbol.asyncDispose]());

const write = (...writes: readonly Tuple[]) => fga.write({ store, writes, deletes: [] });
const remove = (...deletes: readonly Tuple[]) => fga.write({ store, writes: [], deletes });
const tuples = async () => (await fga.read({ store, filter: {} })).map(formatTuple).toSorted();

function account(
  parent: string,
  key: { cluster: string; name: string },
  about: { own: string; creator: string },
): void {
  const { cluster, name } = key;
  const path = `${parent}:${name}`;
  const type = parent === "root:orgs" ? "org" : "account";
  kcp.put(parent, {
    kind: "Account",
    metadata: { name, annotations: { "kcp.io/cluster": cluster } },
    spec: { type, displayName: name, creator: about.creator },
    status: { phase: "Ready" },
  });
  kcp.put(parent, { kind: "Workspace", metadata: { name }, spec: { cluster: about.own }, status: { phase: "Ready" } });
  const here = { name, path, type, originClusterId: cluster, generatedClusterId: about.own };
  kcp.put(path, {
    kind: "AccountInfo",
    metadata: { name: "account", annotations: { "kcp.io/cluster": about.own } },
    spec: { account: here, fga: { store: { id: store } } },
  });
}

const flags = () => [`--fga-url=${openFga.url}`, `--fga-token-file=${openFga.tokenFile}`, `--fga-ca=${openFga.caFile}`];
const security = (...argv: readonly string[]): Promise<Ran> =>
  runPm(["security", ...argv, ...flags()], { server: kcp.url });

test("8B.2 an org that is as it should be differs in nothing, and repair writes nothing", async () => {
  const { code, out, err } = await security("diff", org);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(out).toBe(`root:orgs:acme  store ${store}  3 accounts, 10 tuples\nas it should be\n`);
  const before = await tuples();
  expect((await security("repair", org, "--orphans", "--yes")).out).toContain("0 written, 0 removed\n");
  expect(await tuples()).toEqual(before);
});

test("8B.2 missing structure and roles of Memberships are written, each atomically, and the second time nothing is", async () => {
  const lost = [parentLink(dev, team), roleLink(team, "owner"), ...roleTuples(team, "member", fgaUser("dan@x.io"))];
  const before = await tuples();
  await remove(...lost);
  const diff = await security("diff", `${org}:team`, "-o", "json");
  expect(diff.code).toBe(1);
  expect(
    JSON.parse(diff.out)
      .missing.map(({ why }: { why: string }) => why)
      .toSorted(),
  ).toEqual([
    "Membership dan in root:orgs:acme:team",
    "Membership dan in root:orgs:acme:team",
    "structure of root:orgs:acme:team",
    "structure of root:orgs:acme:team:dev",
  ]);
  const dry = await security("repair", org, "--dry-run", "-o", "json");
  expect(JSON.parse(dry.out)).toMatchObject({ dryRun: true, writes: { length: 4 }, deletes: [] });
  expect(await tuples()).toHaveLength(before.length - 4);
  expect((await security("repair", org)).out).toContain("4 written, 0 removed\n");
  expect(await tuples()).toEqual(before);
  expect((await security("repair", org)).out).toContain("0 written, 0 removed\n");
});

test("8B.1 a creator who was removed is told of, and never made owner again", async () => {
  const seed = assignment(team, "owner", "user:bob@x.io");
  await remove(seed);
  const { code, out } = await security("diff", org);
  expect(code).toBe(0);
  expect(out).toContain(
    `removed   ${formatTuple(seed)}  bob@x.io created root:orgs:acme:team, and is not made owner again\n`,
  );
  await security("repair", org, "--orphans", "--yes");
  expect(await tuples()).not.toContain(formatTuple(seed));
});

test("#104 what is left of deleted accounts is removed only when asked for, children's too; foreign tuples are kept", async () => {
  const before = await tuples();
  const inGone = { cluster: "gone1", name: "deep" };
  const orphans = [
    ...accountTuples(gone, acme, "zoe@x.io"),
    ...accountTuples(inGone, gone, "zoe@x.io"),
    assignment(gone, "member", "user:yan@x.io"),
  ];
  const foreign = [
    assignment(team, "member", "user:iam@x.io"),
    { user: "apis_kcp_io_apiexport:provider1/db", relation: "bind", object: accountObject(team) },
    { user: "user:group-of-another-tool", relation: "assignee", object: "role:another-tool/a/b/owner" },
  ];
  await write(...orphans, ...foreign);
  const diff = JSON.parse((await security("diff", org, "-o", "json")).out);
  expect([diff.missing, diff.orphaned.length, diff.foreign.length]).toEqual([[], orphans.length, foreign.length]);
  expect((await security("repair", org)).out).not.toContain("orphaned");
  const shown = await security("repair", org, "--orphans");
  expect(shown.out).toContain(`0 written, 0 removed, ${orphans.length} orphaned kept: --orphans --yes removes them\n`);
  expect(await tuples()).toHaveLength(before.length + orphans.length + foreign.length);
  const dry = await security("repair", org, "--orphans", "--yes", "--dry-run");
  expect(dry.out).toContain(`0 would be written, ${orphans.length} would be removed\n`);
  expect((await security("repair", org, "--orphans", "--yes")).out).toContain(`${orphans.length} removed\n`);
  expect(await tuples()).toEqual([...before, ...foreign.map(formatTuple)].toSorted());
});

test("an account that cannot be read is not taken for one that is gone", async () => {
  kcp.deny(`${org}:team`);
  const { code, err } = await security("repair", org, "--orphans", "--yes");
  expect(code).toBe(1);
  expect(err).toContain("not every account can be read, and what is not seen would be taken for gone");
  expect(await tuples()).toHaveLength(10);
});

test("an account on its way up has no workspace to look into, one on its way down no tuples to miss", async () => {
  const fresh = { name: "fresh", annotations: { "kcp.io/cluster": "acme1" } };
  kcp.put(org, { kind: "Account", metadata: fresh, spec: { type: "account", displayName: "x" } });
  await write(...accountTuples({ cluster: "acme1", name: "fresh" }, acme, "bob@x.io"));
  const leaving = { ...fresh, name: "leaving", deletionTimestamp: "2026-01-01T00:00:00Z" };
  kcp.put(org, {
    kind: "Account",
    metadata: leaving,
    spec: { type: "account", displayName: "x", creator: "bob@x.io" },
  });
  const diff = JSON.parse((await security("diff", org, "-o", "json")).out);
  expect([diff.accounts, diff.missing, diff.orphaned]).toEqual([5, [], []]);
});

test.each([
  [["diff", "root:orgs:nowhere"], 1, "there is no org root:orgs:nowhere"],
  [["diff", "root:elsewhere"], 2, "is no account"],
  [["repair", org, "--yes"], 2, "--yes: is for --orphans"],
])("%j is told what to do", async (argv, expected, message) => {
  const { code, err } = await security(...argv);
  expect([code, err]).toEqual([expected, expect.stringContaining(message)]);
});

test("without OpenFGA, or with another one, it says which", async () => {
  const none = await runPm(["security", "diff", org], { server: kcp.url });
  expect([none.code, none.err]).toEqual([2, expect.stringContaining("--fga-url: is needed")]);
  const away = await runPm(["security", "diff", org, "--fga-url=http://127.0.0.1:1"], { server: kcp.url });
  expect([away.code, away.err]).toEqual([3, expect.stringContaining("OpenFGA does not answer")]);
  await fga.deleteStore({ id: store });
  const other = await security("diff", org);
  expect([other.code, other.err]).toEqual([1, expect.stringContaining(`OpenFGA has no store ${store}`)]);
});

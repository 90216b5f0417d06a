import { expect, test } from "vitest";
import { membershipName } from "../../shared/membership.ts";
import { type Fixture, KcpServer } from "../../test/kcp-server.ts";
import { runPm } from "../../test/run-pm.ts";

const now = Date.parse("2026-01-01T01:00:00Z");
const creationTimestamp = "2026-01-01T00:00:00Z";
const team = "root:orgs:acme:team";

const account = (name: string, creator: string, metadata: object = {}): Fixture => ({
  kind: "Account",
  metadata: { name, creationTimestamp, ...metadata },
  spec: { type: name === "acme" ? "org" : "account", displayName: name, creator },
  status: { security: { observedGeneration: 1, creatorSeeded: true, steps: [] } },
});
function member(
  subject: string,
  role: string,
  ready?: readonly [string, string, string],
  metadata: object = {},
): Fixture {
  const [status, reason, message] = ready ?? [];
  const conditions = [{ type: "Ready", status, reason, message }];
  return {
    kind: "Membership",
    metadata: { name: membershipName(subject), creationTimestamp, ...metadata },
    spec: { subject, role },
    status: ready ? { observedGeneration: 1, conditions } : {},
  };
}
const isReady = ["True", "Granted", "all is well"] as const;

async function company(): Promise<KcpServer> {
  const kcp = await KcpServer.start();
  kcp.put("root:orgs", account("acme", "alice@x.io"));
  kcp.put("root:orgs:acme", account("team", "bob@x.io"));
  kcp.put("root:orgs:acme", member("olga@x.io", "owner", isReady));
  kcp.put("root:orgs:acme", member("mallory@x.io", "member", isReady));
  kcp.put(team, member("carol@x.io", "member", isReady));
  kcp.put(team, member("dan@x.io", "owner"));
  kcp.put(team, member("eve@x.io", "member", ["False", "Waiting", "the org has no OpenFGA store yet"]));
  kcp.put(team, account("dev", "bob@x.io"));
  return kcp;
}
const pm = (kcp: KcpServer, ...args: readonly string[]) =>
  runPm(["member", ...args], { server: kcp.url, now: () => now });

test("000-F32 lists people with their role, what gave it, and owners of the accounts above; not members of those", async () => {
  await using kcp = await company();
  const { out, code, err } = await pm(kcp, "list", "-w", team);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(out).toBe(`SUBJECT     ROLE    BY                            AGE  STATE
bob@x.io    owner   created it                    60m  Ready
carol@x.io  member  Membership                    60m  Ready
dan@x.io    owner   Membership                    60m  Unseen: no function has looked at it yet: is pm run up, with OpenFGA?
eve@x.io    member  Membership                    60m  Waiting: the org has no OpenFGA store yet
alice@x.io  owner   created it in root:orgs:acme  60m  Ready
olga@x.io   owner   Membership in root:orgs:acme  60m  Ready
`);
});

test("lists for scripts where each role comes from", async () => {
  await using kcp = await company();
  const { out } = await pm(kcp, "list", "-w", team, "-o", "json");
  expect(JSON.parse(out)).toContainEqual({
    ...{ subject: "olga@x.io", role: "owner", account: "root:orgs:acme", inherited: true, source: "membership" },
    ...{ membership: membershipName("olga@x.io"), ready: true, reason: "Granted", message: "all is well" },
    since: creationTimestamp,
  });
  expect((await pm(kcp, "list", "-w", team, "-o", "name")).out).toContain("carol@x.io\n");
});

test("says whose owners it cannot tell, and shows no creator who was removed", async () => {
  await using kcp = await company();
  const removed = { annotations: { "account-functions.platform-mesh.io/creator-removed": creationTimestamp } };
  kcp.put("root:orgs:acme", account("team", "bob@x.io", removed));
  expect((await pm(kcp, "list", "-w", team)).out).not.toContain("bob@x.io");
  kcp.deny("root:orgs:acme");
  const { out } = await pm(kcp, "list", "-w", team);
  expect(out).toContain("root:orgs:acme: not yours to read, its owners are owners here too\n");
  expect(out).toContain(`${team}: who created it is not yours to read, and may be owner too\n`);
  expect(out).not.toContain("olga@x.io");
});

test("adds a member by a name that is the same each time, and says what comes next", async () => {
  await using kcp = await company();
  const { out, code } = await pm(kcp, "add", "new@x.io", "-w", team);
  expect({ code, out }).toEqual({
    code: 0,
    out: `new@x.io becomes member of ${team};  next: pm member list -w ${team}\n`,
  });
  expect((await pm(kcp, "add", "new@x.io", "-w", team, "-o", "name")).out).toBe(`${membershipName("new@x.io")}\n`);
});

test("000-F44 shows how far the role of an owner reaches, and what somebody was before", async () => {
  await using kcp = await company();
  expect((await pm(kcp, "add", "carol@x.io", "-w", team)).out).toBe(`carol@x.io is member of ${team}, as before\n`);
  expect((await pm(kcp, "add", "carol@x.io", "--role=owner", "-w", team)).out).toBe(
    `carol@x.io becomes owner of ${team}, and was member;  inherited reach: 1 account;  next: pm member list -w ${team}\n`,
  );
});

test("--wait ends with the role, or with the reason why it never comes", async () => {
  await using kcp = await company();
  expect((await pm(kcp, "add", "carol@x.io", "-w", team, "--wait")).out).toBe(
    `carol@x.io is member of ${team}, as before\n`,
  );
  kcp.put(team, member("carol@x.io", "member", ["False", "LastOwner", "carol@x.io is the last owner"]));
  const { code, err } = await pm(kcp, "add", "carol@x.io", "-w", team, "--wait");
  expect(code).toBe(1);
  expect(err).toContain("carol@x.io is the last owner");
  const late = await pm(kcp, "add", "dan@x.io", "--role=owner", "-w", team, "--wait", "--wait-timeout=0s");
  expect(late.err).toContain("no function has looked at it yet: is pm run up, with OpenFGA?");
});

test("removes all roles of somebody in the account, and tells where a role really comes from", async () => {
  await using kcp = await company();
  const { out, code } = await pm(kcp, "remove", "carol@x.io", "-w", team);
  expect({ code, out }).toEqual({ code: 0, out: `carol@x.io is no longer member of ${team}\n` });
  const above = await pm(kcp, "remove", "olga@x.io", "-w", team);
  expect(above.code).toBe(1);
  expect(above.err).toMatch(
    /an owner of root:orgs:acme is owner of all accounts below it[\s\S]*pm member remove olga@x.io -w root:orgs:acme/,
  );
  const nobody = await pm(kcp, "remove", "zoe@x.io", "-w", team);
  expect(nobody.err).toContain(`zoe@x.io has no role in ${team}`);
});

test("removes the creator by a Membership that is held from the start and deleted at once", async () => {
  await using kcp = await company();
  expect((await pm(kcp, "remove", "bob@x.io", "-w", team)).out).toBe(`bob@x.io is no longer owner of ${team}\n`);
  const writes = kcp.requests.filter((request) => /^(POST|DELETE)/.test(request));
  const url = `/clusters/${team}/apis/core.platform-mesh.io/v1alpha1/memberships`;
  expect(writes).toEqual([`POST ${url}`, `DELETE ${url}/${membershipName("bob@x.io")}-creator`]);
});

test.each([
  [["add", "*", "-w", team], '"*" means everybody'],
  [["add", "two words", "-w", team], "is no user"],
  [["add", "bob@x.io", "-w", "root:orgs"], "root:orgs is no account, and people are members of accounts"],
  [["add", "bob@x.io", "--role=admin", "-w", team], "owner"],
])("refuses %j as a slip of the command line", async (args, message) => {
  await using kcp = await company();
  const { code, err } = await pm(kcp, ...args);
  expect(code).toBe(2);
  expect(err).toContain(message);
});

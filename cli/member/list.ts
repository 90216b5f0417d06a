import { formatDuration } from "../../shared/duration.ts";
import type { Call } from "../../shared/kcp/client.ts";
import type { MemberRole, Membership } from "../../shared/kcp/objects.ts";
import type { AccountPath } from "../account-path.ts";
import { defineCommand } from "../command.ts";
import { exit } from "../errors.ts";
import { columns, print } from "../output.ts";
import { unlessHidden } from "../unless-hidden.ts";
import { withSession } from "../with-session.ts";
import { accountIn, ancestorsOf, type Creator, creatorOf, membershipsIn, type Reader } from "./members.ts";
import { stateOf } from "./until.ts";

/** One role of one person, for scripts. */
interface Member {
  readonly subject: string;
  readonly role: MemberRole;
  /** Path of the account that the role was given in. */
  readonly account: string;
  readonly inherited: boolean;
  readonly source: "creator" | "membership";
  /** Name of the Membership. */
  readonly membership?: string;
  readonly ready: boolean;
  readonly reason: string;
  readonly message: string;
  /** RFC 3339. */
  readonly since: string;
}

export default defineCommand({
  name: "member list",
  summary: "Who is owner or member of an account, and why",
  description:
    "Owners of the accounts above are owners here too; they are shown as far as you may read those accounts.",
  options: {},
  examples: [
    { run: "pm member list -w root:orgs:acme:team-a", does: "people of one account" },
    {
      run: "pm member list -w root:orgs:acme -o json | jq -r '.[] | select(.role == \"owner\") | .subject'",
      does: "owners of an org",
    },
  ],
  run: ({ options }, io) =>
    withSession(options, io, async ({ client, workspace }) => {
      const at = accountIn(workspace, "member list");
      const call = { signal: io.signal };
      const [memberships, creator] = [await membershipsIn(client, at.path, call), await creatorOf(client, at, call)];
      const above = await Promise.all(ancestorsOf(at).map((account) => ownersOf(client, account, call)));
      const hidden = above.flatMap((found) => (typeof found === "string" ? [found] : []));
      const inherited = above.flatMap((found) => (typeof found === "string" ? [] : found));
      const members = [...membersOf(at, memberships, creator), ...inherited];
      const unseen = [
        ...(creator === "hidden" ? [`${at.path}: who created it is not yours to read, and may be owner too\n`] : []),
        ...hidden.map((path) => `${path}: not yours to read, its owners are owners here too\n`),
      ];
      print(io, options.output, members, {
        table: () => (members.length > 0 || unseen.length === 0 ? table(members, io.now()) : "") + unseen.join(""),
        name: () => members.map(({ subject }) => `${subject}\n`).join(""),
      });
      return exit.ok;
    }),
});

/** Those of an account above; its path when they cannot be read. */
async function ownersOf(reader: Reader, at: AccountPath, call: Call): Promise<readonly Member[] | string> {
  const memberships = await unlessHidden(reader.list("Membership", at.path, call));
  if (!memberships) return at.path;
  return membersOf(at, memberships, await creatorOf(reader, at, call))
    .filter(({ role }) => role === "owner")
    .map((member) => ({ ...member, inherited: true }));
}

function membersOf(
  { path }: AccountPath,
  memberships: readonly Membership[],
  creator: Creator | "hidden" | undefined,
): readonly Member[] {
  const given = memberships.map((membership): Member => {
    const { spec, metadata } = membership;
    const { subject, role } = spec;
    const about = { account: path, inherited: false, source: "membership", membership: metadata.name } as const;
    return { subject, role, ...about, ...stateOf(membership), since: metadata.creationTimestamp };
  });
  if (
    !creator ||
    creator === "hidden" ||
    given.some(({ subject, role }) => subject === creator.subject && role === "owner")
  )
    return given;
  return [created(path, creator), ...given];
}

function created(path: string, { subject, account }: Creator): Member {
  const ready = account.status?.security?.creatorSeeded === true;
  const about = { account: path, inherited: false, source: "creator" } as const;
  const state = ready
    ? { reason: "Granted", message: `${subject} created ${path}` }
    : { reason: "Unsecured", message: "the account is not secured: is security on?  see pm why" };
  return { subject, role: "owner", ...about, ready, ...state, since: account.metadata.creationTimestamp };
}

function table(members: readonly Member[], now: number): string {
  if (members.length === 0) return "nobody;  next: pm member add SUBJECT --role owner\n";
  const rows = members.map(({ subject, role, account, inherited, source, ready, reason, message, since }) => [
    subject,
    role,
    `${source === "creator" ? "created it" : "Membership"}${inherited ? ` in ${account}` : ""}`,
    formatDuration(Math.max(0, now - Date.parse(since))),
    ready ? "Ready" : `${reason}: ${message}`,
  ]);
  return columns([["SUBJECT", "ROLE", "BY", "AGE", "STATE"], ...rows]);
}

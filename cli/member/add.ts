import { formatDuration } from "../../shared/duration.ts";
import { ApiError, type Unsaved } from "../../shared/kcp/client.ts";
import { apiVersionOf, kinds } from "../../shared/kcp/kinds.ts";
import type { MemberRole, Membership } from "../../shared/kcp/objects.ts";
import type { Client } from "../../shared/kcp/rest.ts";
import { membershipName, subjectProblem } from "../../shared/membership.ts";
import { waitFlags } from "../account/wait-flags.ts";
import { counted } from "../account-state.ts";
import { defineCommand } from "../command.ts";
import { CliError, exit, UsageError } from "../errors.ts";
import { print } from "../output.ts";
import { type TreeNode, Walk } from "../tree/walk.ts";
import { unlessHidden } from "../unless-hidden.ts";
import { withSession } from "../with-session.ts";
import { accountIn, membershipsIn } from "./members.ts";
import { untilMember } from "./until.ts";

export default defineCommand({
  name: "member add",
  summary: "Make somebody member or owner of an account, or change the role",
  description: `A member may work in the account, an owner may do everything in it and in all accounts below it. A person with
an e-mail address is invited to the org; so a role can be given before anybody has logged in.`,
  options: {
    role: { type: "string", default: "member", choices: ["owner", "member"], description: "what the person may do" },
    wait: { type: "boolean", description: "wait until the role is there and the invitation is sent" },
    ...waitFlags,
  },
  positionals: [
    { name: "SUBJECT", description: "e-mail address or user name, as whoami shows it to the person", required: true },
  ],
  examples: [
    { run: "pm member add bob@example.com -w root:orgs:acme:team-a --wait", does: "a member" },
    { run: "pm member add bob@example.com --role owner -w root:orgs:acme", does: "an owner of the whole org" },
    {
      run: "pm member add system:serviceaccount:default:ci -w root:orgs:acme",
      does: "a ServiceAccount of that workspace",
    },
  ],
  run: ({ options, positionals: [subject = ""] }, io) =>
    withSession(options, io, async ({ client, workspace }) => {
      const { path } = accountIn(workspace, "member add");
      const problem = subjectProblem(subject);
      if (problem) throw new UsageError(problem, { where: "pm member add", next: "pm member add --help" });
      const role: MemberRole = options.role === "owner" ? "owner" : "member";
      const call = { signal: io.signal };
      await membershipsIn(client, path, call);
      const started = io.now();
      const { membership, was } = await declared({ client, path, subject, role }, call);
      const showsStages = options.wait && options.output === "table";
      const waiting = { reader: client, path, subject, io, timeout: options["wait-timeout"] };
      const shown = options.wait
        ? await untilMember({ ...waiting, name: membership.metadata.name }, (stage) => {
            if (showsStages) io.stdout.write(`${stage} ${formatDuration(io.now() - started)}  `);
          })
        : membership;
      const below = role === "owner" ? await unlessHidden(new Walk(client, call).below(path)) : undefined;
      print(io, options.output, shown, {
        table: () => sentence({ subject, role, path, was, reach: below && countOf(below), isThere: options.wait }),
        name: () => `${membership.metadata.name}\n`,
      });
      return exit.ok;
    }),
});

interface Wish {
  readonly client: Client;
  readonly path: string;
  readonly subject: string;
  readonly role: MemberRole;
}
type Was = MemberRole | undefined;

/** One Membership a person: a second call changes its role. */
async function declared({ client, path, subject, role }: Wish, call: { readonly signal: AbortSignal }) {
  const name = membershipName(subject);
  const present = await client.get("Membership", path, name, call);
  if (present?.metadata.deletionTimestamp) {
    throw new CliError(`${subject} is being removed from ${path} at this moment`, {
      next: `pm member list -w ${path}, and again when it is done`,
    });
  }
  try {
    if (present) {
      const isSame = present.spec.role === role;
      const patch = { metadata: { resourceVersion: present.metadata.resourceVersion }, spec: { role } };
      const membership = isSame
        ? present
        : await client.mergePatch<Membership>(kinds.Membership, { cluster: path, name }, patch, call);
      return { membership, was: present.spec.role as Was };
    }
    const object: Unsaved<Membership> = {
      apiVersion: apiVersionOf(kinds.Membership),
      kind: "Membership",
      metadata: { name },
      spec: { subject, role },
    };
    return { membership: await client.create<Membership>(kinds.Membership, path, object, call), was: undefined as Was };
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 403) throw error;
    const next = `ask an owner: pm member list -w ${path}`;
    throw new CliError("only an owner of the account may add people", {
      where: path,
      why: error.message,
      next,
      cause: error,
    });
  }
}

const countOf = (nodes: readonly TreeNode[]): number =>
  nodes.reduce((sum, { children }) => sum + 1 + countOf(children), 0);

interface Said {
  readonly subject: string;
  readonly role: MemberRole;
  readonly path: string;
  readonly was: Was;
  /** Accounts below, which an owner has too. */
  readonly reach: number | undefined;
  readonly isThere: boolean;
}
function sentence({ subject, role, path, was, reach = 0, isThere }: Said): string {
  const verb = isThere || was === role ? "is" : "becomes";
  const before = was === role ? ", as before" : was ? `, and was ${was}` : "";
  const inherited = reach > 0 ? `;  inherited reach: ${counted(reach, "account")}` : "";
  const next = isThere || was === role ? "" : `;  next: pm member list -w ${path}`;
  return `${subject} ${verb} ${role} of ${path}${before}${inherited}${next}\n`;
}

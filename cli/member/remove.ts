import type { Call } from "../../shared/kcp/client.ts";
import { apiVersionOf, kinds } from "../../shared/kcp/kinds.ts";
import type { MemberRole, Membership } from "../../shared/kcp/objects.ts";
import type { Client } from "../../shared/kcp/rest.ts";
import { membershipName } from "../../shared/membership.ts";
import { finalizer } from "../../shared/names.ts";
import { waitFlags } from "../account/wait-flags.ts";
import type { AccountPath } from "../account-path.ts";
import { defineCommand } from "../command.ts";
import { CliError, exit } from "../errors.ts";
import { print } from "../output.ts";
import { unlessHidden } from "../unless-hidden.ts";
import { withSession } from "../with-session.ts";
import { accountIn, ancestorsOf, creatorOf, membershipsIn } from "./members.ts";
import { untilRemoved } from "./until.ts";

export default defineCommand({
  name: "member remove",
  summary: "Take somebody's role in an account away",
  description: `Who created the account can be removed too, and is not made owner again. The last owner of an org stays until
there is another one. A role that comes from an account above is taken away there.`,
  options: {
    role: { type: "string", choices: ["owner", "member"], description: "only this role (default all)" },
    wait: { type: "boolean", default: true, description: "wait until the role is gone" },
    ...waitFlags,
  },
  positionals: [{ name: "SUBJECT", description: "as pm member list shows it", required: true }],
  examples: [
    { run: "pm member remove bob@example.com -w root:orgs:acme:team-a", does: "all roles in this account" },
    { run: "pm member remove bob@example.com --role owner -w root:orgs:acme", does: "stays what else bob is" },
  ],
  run: ({ options, positionals: [subject = ""] }, io) =>
    withSession(options, io, async ({ client, workspace }) => {
      const at = accountIn(workspace, "member remove");
      const call = { signal: io.signal };
      const isMeant = ({ spec }: Membership) =>
        spec.subject === subject && (options.role === undefined || spec.role === options.role);
      const found = (await membershipsIn(client, at.path, call)).filter(isMeant);
      const seed = options.role === "member" ? undefined : await seedOf({ client, at, subject, found }, call);
      const going = [...found, ...(seed ? [seed] : [])];
      if (going.length === 0) throw await nobody({ client, at, subject, role: options.role }, call);
      for (const { metadata } of going)
        await client.delete(kinds.Membership, { cluster: at.path, name: metadata.name }, { uid: metadata.uid }, call);
      const waiting = { reader: client, path: at.path, subject, io, timeout: options["wait-timeout"] };
      if (options.wait) for (const { metadata } of going) await untilRemoved({ ...waiting, name: metadata.name });
      const roles = [...new Set(going.map(({ spec }) => spec.role))];
      print(
        io,
        options.output,
        { subject, account: at.path, roles, removed: options.wait },
        {
          table: () =>
            `${subject} ${options.wait ? "is no longer" : "is about to be no longer"} ${roles.join(" and ")} of ${at.path}\n`,
          name: () => `${subject}\n`,
        },
      );
      return exit.ok;
    }),
});

interface Person {
  readonly client: Client;
  readonly at: AccountPath;
  readonly subject: string;
}

/** Stands for the role of the creator, which no Membership has given: one that is held from the start, to be deleted at
 *  once, takes it away like any other. */
async function seedOf(
  { client, at, subject, found }: Person & { readonly found: readonly Membership[] },
  call: Call,
): Promise<Membership | undefined> {
  const creator = await creatorOf(client, at, call);
  if (creator === "hidden" || creator?.subject !== subject || found.some(({ spec }) => spec.role === "owner"))
    return undefined;
  const object = {
    apiVersion: apiVersionOf(kinds.Membership),
    kind: "Membership",
    metadata: { name: `${membershipName(subject)}-creator`, finalizers: [finalizer.membership] },
    spec: { subject, role: "owner" as MemberRole },
  };
  return client.create<Membership>(kinds.Membership, at.path, object, call);
}

async function nobody(
  { client, at, subject, role = "role" }: Person & { readonly role: string | undefined },
  call: Call,
): Promise<CliError> {
  for (const above of ancestorsOf(at)) {
    const members = (await unlessHidden(client.list("Membership", above.path, call))) ?? [];
    const isOwner = members.some(({ spec }) => spec.subject === subject && spec.role === "owner");
    const creator = await creatorOf(client, above, call);
    if (!isOwner && (creator === "hidden" || creator?.subject !== subject)) continue;
    return new CliError(`${subject} has no ${role} in ${at.path} itself`, {
      why: `an owner of ${above.path} is owner of all accounts below it`,
      next: `pm member remove ${subject} -w ${above.path}`,
    });
  }
  return new CliError(`${subject} has no ${role} in ${at.path}`, { next: `pm member list -w ${at.path}` });
}

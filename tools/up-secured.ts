import { dirname, relative } from "node:path";
import { root } from "./paths.ts";
import { withProgress } from "./progress.ts";
import type { Security } from "./security-stack.ts";
import type { Stack } from "./stack.ts";
import { castOf } from "./story/cast.ts";

/** Somebody to go on as: the owner of an org, logged in. */
export interface Owner {
  readonly kubeconfig: string;
  readonly email: string;
  readonly password: string;
}

/** Alice makes org acme, follows the mail that invites her, and logs in. */
export async function moveIn(stack: Stack & { readonly security: Security }): Promise<Owner> {
  const { alice, welcomed, inOrg, join } = await castOf(stack);
  await withProgress(`acme in root:orgs, by ${alice.email} of realm welcome`, async () =>
    (await welcomed(alice)).pm("account", "create", "acme", "--display-name=Acme Corp", "--wait"),
  );
  return withProgress("alice follows her mail into realm acme, and logs in", async () => {
    const owner = await join(alice.email, "acme");
    const { kubeconfig } = await inOrg(owner, "acme");
    return { kubeconfig, ...owner };
  });
}

/** What to type next, as alice. */
export function securedSteps(
  { busEnv, kubeconfig: admin, security }: Stack & { readonly security: Security },
  { kubeconfig, email, password }: Owner,
): string {
  const dev = "root:orgs:acme:dev";
  const here = (file: string) => relative(root, file);
  return `In another terminal, as ${email}, who owns acme:

  cd ${root}
  export KUBECONFIG=${here(kubeconfig)} ${busEnv}
  export ${security.env.join(" ")}
  kubectl create configmap plan -n default
  bin/pm account create dev -w root:orgs:acme --wait
  bin/pm member add bob@example.com -w ${dev} --wait
  bin/pm can bob@example.com get configmaps -n default -w ${dev}
  bin/pm member remove bob@example.com -w ${dev}
  bin/pm why root:orgs:acme --kubeconfig ${here(admin)}

Her token is in that kubeconfig, good for 8 h; ${here(dirname(kubeconfig))}/alice-welcome.kubeconfig has the one that creates orgs, and
${here(admin)} is kcp's admin. In a browser she logs in at ${security.keycloak.url}/realms/acme/account
with the password ${password}. Mails are shown here as they come.`;
}

/** Shows each mail to people who are no test: whom it is to, and where it leads. */
export async function showMails({ mailbox }: Pick<Security, "mailbox">): Promise<void> {
  for await (const { to, subject, links } of mailbox.arrivals()) {
    console.log(`\nmail to ${to.join(", ")}: ${subject}\n  ${links.join("\n  ")}`);
  }
}

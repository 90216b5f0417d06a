import type { Keycloak } from "../keycloak-server.ts";
import type { Mailbox } from "../smtp-double.ts";
import { acceptInvitation, logIn, type Person } from "./keycloak-login.ts";

/** Where people log in, and where their mails arrive. */
export interface Entrance {
  readonly keycloak: Pick<Keycloak, "url" | "caFile">;
  readonly mailbox: Pick<Mailbox, "waitFor">;
}

/** One of those that security-init registers for client kubectl. */
const redirectUri = "http://localhost:8000";

/** Logs in by name and password as kubectl's login plugin does in a browser; answers the ID token, which kcp takes. */
export async function tokenFor(
  { keycloak }: Pick<Entrance, "keycloak">,
  person: Person,
  { realm, clientId = "kubectl" }: { readonly realm: string; readonly clientId?: string },
): Promise<string> {
  const reach = { caFile: keycloak.caFile, redirectUri, clientId };
  return (await logIn(`${keycloak.url}/realms/${realm}`, person, reach)).idToken;
}

/** Follows the invitation that comes by mail, and sets the password there; answers the mail's subject. */
export async function followMail(entrance: Entrance, person: Person, options: FollowOptions): Promise<string> {
  const { realm, after = 0, signal = AbortSignal.timeout(30_000) } = options;
  const mail = await entrance.mailbox.waitFor(person.email, { after, signal });
  const link = mail.links.find((each) => each.includes(`/realms/${realm}/`));
  if (!link) throw new Error(`the mail "${mail.subject}" to ${person.email} leads to no realm ${realm}: ${mail.text}`);
  await acceptInvitation(link, person, {
    caFile: entrance.keycloak.caFile,
    redirectUri: `https://${realm}.localhost/`,
  });
  return mail.subject;
}
export interface FollowOptions {
  readonly realm: string;
  /** How many mails the person has had before; 0 unless given. */
  readonly after?: number;
  /** 30 s unless given. */
  readonly signal?: AbortSignal;
}

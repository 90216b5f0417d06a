import type { Fga } from "../../shared/fga/fga.ts";
import { IdentityError, type IdentityProvider, type Organization } from "../../shared/identity/identity.ts";
import type { Call } from "../../shared/kcp/client.ts";
import type { Account } from "../../shared/kcp/objects.ts";
import { isEmail, memberReason } from "../../shared/membership.ts";
import type { Settings } from "../../shared/settings.ts";
import type { Claim } from "./claim.ts";
import type { Place } from "./place.ts";
import { no, type Verdict, yes } from "./status.ts";

export interface InvitationDeps {
  accountNamed(cluster: string, name: string): Promise<Account | undefined>;
  readonly settings: Settings;
  readonly identity: IdentityProvider | undefined;
  readonly fga: Fga | undefined;
}

const skipped = (message: string): Verdict => yes("Skipped", message);
/** Nobody waits for it: an org may be meant to have none. */
const notYet = (message: string): Verdict => ({ status: "Unknown", reason: memberReason.waiting, message });
/** Brings a person into the realm of the org. What the provider refuses is told; what may pass throws, to be tried again. */
export async function invite({ subject }: Claim, place: Place, deps: InvitationDeps, call: Call): Promise<Verdict> {
  if (!isEmail(subject)) return skipped(`${subject} is no e-mail address: nobody is invited`);
  const { organization, info } = place;
  const { security } = deps.settings;
  if (!deps.identity || !security?.parts.invitation) return skipped("invitations are switched off");
  const clientId = organization && info?.spec.oidc?.clients?.[organization.name]?.clientId;
  if (!organization || !clientId) return notYet("the org has no issuer with a client for its portal yet");
  const org = await organizationOf(place, deps);
  if (!org) return notYet("the Account of the org is not there");
  const redirectUri = `https://${organization.name}.${security.baseDomain}/`;
  try {
    const invitation = { email: subject, clientId, redirectUri };
    const state = await deps.identity.invite({ organization: org, invitation }, call);
    if (state === "unsupported") return skipped("the identity provider keeps no users of ours: nobody is invited");
    return state === "exists"
      ? yes("Exists", `${subject} can log in already`)
      : yes("Invited", "the invitation is sent");
  } catch (error) {
    if (!(error instanceof IdentityError) || error.problem === "unavailable") throw error;
    return no(memberReason.error, `the identity provider refuses the invitation: ${error.message}`);
  }
}

/** Takes the invitation back unless the person has another role anywhere in the org. The realm of an org that is going
 *  goes with all its users. */
export async function uninvite(
  { subject, user }: Claim,
  place: Place,
  deps: InvitationDeps,
  { store, ...call }: Call & { readonly store: string },
): Promise<void> {
  if (!isEmail(subject) || user === undefined || (place.isGoing && place.world?.isOrg)) return;
  const org = await organizationOf(place, deps);
  const others = org && (await deps.fga?.read({ store, filter: { user, object: "role:" } }, call));
  if (!others || others.length > 0) return;
  await deps.identity?.revokeInvitation({ organization: org, email: subject }, call).catch(unlessFinal);
}

/** What the provider will never do is no reason to keep the Membership. */
function unlessFinal(error: unknown): void {
  if (!(error instanceof IdentityError) || error.problem === "unavailable") throw error;
}

async function organizationOf({ organization }: Place, deps: InvitationDeps): Promise<Organization | undefined> {
  const account = organization && (await deps.accountNamed(organization.originClusterId, organization.name));
  return account && { name: account.metadata.name, uid: account.metadata.uid, displayName: account.spec.displayName };
}

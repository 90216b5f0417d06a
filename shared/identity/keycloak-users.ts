import { z } from "zod";
import type { Call } from "../kcp/client.ts";
import { parse } from "./answers.ts";
import { IdentityError, type Invitation, type InvitationState } from "./identity.ts";
import type { Admin } from "./keycloak-admin.ts";
import { realmPath } from "./keycloak-realm.ts";

/** Attribute of a user whom we invited: `pending` until the mail is sent, then `sent` and when. */
const invitationAttribute = "account-functions-invitation";
const pending = "pending";
const actions = ["UPDATE_PASSWORD", "VERIFY_EMAIL"];

const user = z.looseObject({
  id: z.string(),
  username: z.string(),
  email: z.string().optional(),
  firstName: z.string().optional(),
  lastName: z.string().optional(),
  requiredActions: z.array(z.string()).default([]),
  attributes: z.record(z.string(), z.array(z.string())).default({}),
});
type User = z.output<typeof user>;

interface Place {
  readonly admin: Admin;
  readonly realm: string;
  readonly invitationSeconds?: number | undefined;
  readonly now: () => number;
}

/** Makes the user unless there is one, and asks for the mail until it was sent: the user alone does not tell that. */
export async function inviteUser(place: Place, invitation: Invitation, call?: Call): Promise<InvitationState> {
  const { email } = invitation;
  const found = (await byEmail(place, email, call)) ?? (await make(place, email, call));
  const state = found.attributes[invitationAttribute]?.[0];
  if (state === undefined) return "exists";
  if (state === pending) {
    await sendMail(place, { id: found.id, invitation }, call);
    await markSent(place, found, call);
  }
  return "invited";
}

/** Removes the user while the invitation is still open: without it, or once it was accepted, somebody else's account would
 *  go. */
export async function revokeUser(place: Place, email: string, call?: Call): Promise<void> {
  const found = await byEmail(place, email, call);
  if (!found?.attributes[invitationAttribute] || !found.requiredActions.includes("UPDATE_PASSWORD")) return;
  const doing = `removing invited user ${email} of realm ${place.realm}`;
  const path = `${usersPath(place)}/${found.id}`;
  await place.admin({ method: "DELETE", path, accept: [200, 204, 404], doing }, call);
}

const usersPath = ({ realm }: Place) => `${realmPath(realm)}/users`;

/** Of exactly this address: without `exact`, alice@x would also find aalice@x. Keycloak keeps addresses in lower case. */
async function byEmail(place: Place, email: string, call?: Call): Promise<User | undefined> {
  const query = new URLSearchParams({ email, exact: "true", briefRepresentation: "false" });
  const doing = `looking for user ${email} in realm ${place.realm}`;
  const response = await place.admin(
    { method: "GET", path: `${usersPath(place)}?${query}`, accept: [200], doing },
    call,
  );
  return parse(z.array(user), response, doing).find((one) => one.email?.toLowerCase() === email.toLowerCase());
}

async function make(place: Place, email: string, call?: Call): Promise<User> {
  await allowAttribute(place, call);
  const attributes = { [invitationAttribute]: [pending] };
  const body = { username: email, email, enabled: true, requiredActions: actions, attributes };
  const doing = `making user ${email} in realm ${place.realm}`;
  // 409: made by another run since we looked; or a user of another e-mail has this one as name, which is then said.
  const made = await place.admin(
    { method: "POST", path: usersPath(place), body, accept: [200, 201, 409], doing },
    call,
  );
  const found = await byEmail(place, email, call);
  if (found) return found;
  throw new IdentityError(
    `${doing}: ${made.status === 409 ? "another user has this e-mail as user name" : "it is not there afterwards"}`,
    made.status === 409 ? "refused" : "unavailable",
  );
}

async function sendMail(
  place: Place,
  { id, invitation }: { readonly id: string; readonly invitation: Invitation },
  call?: Call,
): Promise<void> {
  const { email, clientId, redirectUri } = invitation;
  const query = new URLSearchParams({ client_id: clientId, redirect_uri: redirectUri });
  if (place.invitationSeconds !== undefined) query.set("lifespan", String(place.invitationSeconds));
  const path = `${usersPath(place)}/${id}/execute-actions-email?${query}`;
  const doing = `sending the invitation to ${email} of realm ${place.realm}`;
  await place.admin({ method: "PUT", path, body: actions, accept: [200, 204], doing }, call);
}

/** Required actions are left out: the user may have done one since we looked. */
async function markSent(place: Place, { id, username, ...found }: User, call?: Call): Promise<void> {
  const sent = `sent ${new Date(place.now()).toISOString()}`;
  const { email, firstName, lastName } = found;
  const names = { username, ...(email && { email }), ...(firstName && { firstName }), ...(lastName && { lastName }) };
  const body = { ...names, attributes: { ...found.attributes, [invitationAttribute]: [sent] } };
  const doing = `noting that ${email} of realm ${place.realm} was invited`;
  await place.admin({ method: "PUT", path: `${usersPath(place)}/${id}`, body, accept: [200, 204], doing }, call);
}

const profile = z.looseObject({ attributes: z.array(z.looseObject({ name: z.string() })).default([]) });

/** Keycloak silently drops attributes that the realm's user profile does not know. Only admins see or edit ours. */
async function allowAttribute(place: Place, call?: Call): Promise<void> {
  const path = `${usersPath(place)}/profile`;
  const doing = `reading the user profile of realm ${place.realm}`;
  const found = parse(profile, await place.admin({ method: "GET", path, accept: [200], doing }, call), doing);
  if (found.attributes.some(({ name }) => name === invitationAttribute)) return;
  const permissions = { view: ["admin"], edit: ["admin"] };
  const attribute = { name: invitationAttribute, displayName: "Invitation", permissions, multivalued: false };
  const body = { ...found, attributes: [...found.attributes, attribute] };
  const changing = `changing the user profile of realm ${place.realm}`;
  await place.admin({ method: "PUT", path, body, accept: [200, 204], doing: changing }, call);
}

import { scryptSync } from "node:crypto";
import { z } from "zod";
import type { Call } from "../kcp/client.ts";
import { parse } from "./answers.ts";
import type { RealmSettings, SmtpSettings } from "./config.ts";
import { IdentityError, type Organization } from "./identity.ts";
import type { Admin } from "./keycloak-admin.ts";
import { readSecret } from "./secret-file.ts";

/** Attribute of a realm: uid of the Account that it was made for. Goes in with the creation, so that no crash leaves one of
 *  ours without it. */
const ownerAttribute = "account-functions.uid";
const smtpAttribute = "account-functions.smtp";

const realm = z.looseObject({ attributes: z.record(z.string(), z.string()).default({}) });
export type Realm = z.output<typeof realm>;

export const realmPath = (name: string) => `/${encodeURIComponent(name)}`;

/** The realm of this organization; `undefined` when there is none. Throws `foreign` when it is somebody else's. */
export async function findRealm(admin: Admin, { name, uid }: Organization, call?: Call): Promise<Realm | undefined> {
  const doing = `reading realm ${name}`;
  const response = await admin({ method: "GET", path: realmPath(name), accept: [200, 403, 404], doing }, call);
  if (response.status === 404) return undefined;
  const advice = "choose another name for the organization, or remove the realm by hand";
  // Who may make realms has all rights on those that it made.
  if (response.status === 403) {
    throw new IdentityError(`realm ${name} exists and is not ours (it may not even be read); ${advice}`, "foreign");
  }
  const found = parse(realm, response, doing);
  const owner = found.attributes[ownerAttribute];
  if (owner === uid) return found;
  const whose = owner ? `it belongs to the Account of uid ${owner}` : "nothing of ours made it";
  throw new IdentityError(`realm ${name} exists and is not ours (${whose}); ${advice}`, "foreign");
}

/** Throws `unavailable` when it is not there: who makes it has to come first, or somebody removed it meanwhile. */
export async function requireRealm(admin: Admin, organization: Organization, call?: Call): Promise<Realm> {
  const found = await findRealm(admin, organization, call);
  if (found) return found;
  throw new IdentityError(`realm ${organization.name} does not exist (any more)`, "unavailable");
}

/** Makes the realm, or brings those settings back that are ours to keep. */
export async function ensureRealm(
  admin: Admin,
  { organization, settings }: { readonly organization: Organization; readonly settings: RealmSettings },
  call?: Call,
): Promise<void> {
  const { body, secrets } = await wantedRealm(organization, settings);
  const name = organization.name;
  const found = await findRealm(admin, organization, call);
  if (found) {
    if (!differs(body, found)) return;
    // Attributes are replaced as a whole, and others than ours belong to Keycloak.
    const repaired = { ...body, attributes: { ...found.attributes, ...body.attributes } };
    const doing = `changing realm ${name}`;
    await admin({ method: "PUT", path: realmPath(name), body: repaired, accept: [200, 204], doing, secrets }, call);
    return;
  }
  const doing = `making realm ${name}`;
  const made = await admin({ method: "POST", path: "", body, accept: [200, 201, 409], doing, secrets }, call);
  // Made by somebody meanwhile: perhaps by another run for the same Account.
  if (made.status === 409) await requireRealm(admin, organization, call);
}

/** The realm of this organization, for what removes: one that is not ours is left alone like none at all, since the
 *  organization that wanted its name never had one. */
export async function findOwnRealm(admin: Admin, organization: Organization, call?: Call): Promise<Realm | undefined> {
  try {
    return await findRealm(admin, organization, call);
  } catch (error) {
    if (error instanceof IdentityError && error.problem === "foreign") return undefined;
    throw error;
  }
}

export async function removeRealm(admin: Admin, organization: Organization, call?: Call): Promise<void> {
  if (!(await findOwnRealm(admin, organization, call))) return;
  const { name } = organization;
  const doing = `removing realm ${name}`;
  await admin({ method: "DELETE", path: realmPath(name), accept: [200, 204, 404], doing }, call);
}

async function wantedRealm({ name, uid, displayName }: Organization, settings: RealmSettings) {
  const registrationAllowed = settings.registrationAllowed ?? false;
  const { smtpServer, secret } = await wantedSmtp(settings.smtp);
  const attributes: Record<string, string> = { [ownerAttribute]: uid };
  // Keycloak never answers the password: a sign of it tells whether it is still the wanted one.
  if (secret) attributes[smtpAttribute] = signOf(secret, uid);
  const body = {
    realm: name,
    displayName,
    enabled: true,
    loginWithEmailAllowed: true,
    registrationEmailAsUsername: true,
    registrationAllowed,
    // Otherwise anybody could register with the e-mail of a member, which is the user name in kcp.
    verifyEmail: registrationAllowed,
    accessTokenLifespan: settings.accessTokenSeconds ?? 28_800,
    ssoSessionIdleTimeout: settings.sessionIdleSeconds ?? 28_800,
    attributes,
    ...(smtpServer && { smtpServer }),
  };
  return { body, secrets: secret ? [secret] : [] };
}

async function wantedSmtp(smtp: SmtpSettings | undefined) {
  if (!smtp) return {};
  const secret = smtp.login && (await readSecret(smtp.login.passwordFile, "the password for the mail server"));
  const smtpServer: Record<string, string> = {
    host: smtp.host,
    port: String(smtp.port),
    from: smtp.from,
    ...(smtp.fromDisplayName && { fromDisplayName: smtp.fromDisplayName }),
    ...(smtp.encryption === "starttls" && { starttls: "true" }),
    ...(smtp.encryption === "tls" && { ssl: "true" }),
    ...(smtp.login && secret && { auth: "true", user: smtp.login.username, password: secret }),
  };
  return { smtpServer, secret };
}

/** Four bytes of a slow hash: enough to see a change, too few to find the password by trying. */
const signOf = (secret: string, salt: string) => scryptSync(secret, salt, 4).toString("hex");

function differs(wanted: Readonly<Record<string, unknown>>, found: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(wanted).some(([key, value]) => {
    if (key === "password") return false;
    const present = found[key];
    if (typeof value !== "object" || value === null) return present !== value;
    return typeof present !== "object" || present === null || differs({ ...value }, { ...present });
  });
}

import { isDeepStrictEqual } from "node:util";
import {
  type ClientCredentials,
  type ClientSpec,
  IdentityError,
  type IdentityProvider,
  type InvitationState,
  type Organization,
} from "../shared/identity/identity.ts";

type Args<M extends keyof IdentityProvider> = Parameters<IdentityProvider[M]>[0];
interface FakeClient {
  readonly spec: ClientSpec;
  readonly credentials: ClientCredentials;
}
interface Realm {
  readonly uid: string;
  displayName: string;
  readonly clients: Map<string, FakeClient>;
}

/** An identity provider in memory: realms with the uid of their Account, clients whose registration token changes with
 *  each change of them, and invitations. */
export class FakeIdentity implements IdentityProvider {
  readonly organizations = new Map<string, Realm>();
  /** Realm and e-mail of everybody who is invited. */
  readonly invited = new Set<string>();
  /** What was asked, in order, as `invite acme bob@x.io`. */
  readonly calls: string[] = [];
  /** What was changed, in order, as `make client acme kubectl`. */
  readonly changes: string[] = [];
  /** Answered to an invitation in place of what is so. */
  answer: InvitationState | undefined;
  /** Thrown by the next call. */
  failure: Error | undefined;
  /** Thrown by the next call of that method. */
  readonly failures = new Map<keyof IdentityProvider, Error>();
  #count = 0;

  /** A realm that is there already. */
  realm(name: string, uid: string): void {
    this.organizations.set(name, { uid, displayName: name, clients: new Map() });
  }

  async invite({ organization, invitation }: Args<"invite">): Promise<InvitationState> {
    const who = `${organization.name} ${invitation.email}`;
    this.#called("invite", `invite ${who}`);
    this.#own(organization);
    if (this.answer) return this.answer;
    if (this.invited.has(who)) return "exists";
    this.invited.add(who);
    this.changes.push(`invite ${who}`);
    return "invited";
  }

  async revokeInvitation({ organization, email }: Args<"revokeInvitation">): Promise<void> {
    this.#called("revokeInvitation", `revoke ${organization.name} ${email}`);
    this.invited.delete(`${organization.name} ${email}`);
  }

  async ensureOrganization(organization: Organization) {
    const { name, uid, displayName } = organization;
    this.#called("ensureOrganization", `organization ${name}`);
    const found = this.#own(organization);
    if (found?.displayName !== displayName) this.changes.push(`${found ? "change" : "make"} organization ${name}`);
    if (found) found.displayName = displayName;
    else this.organizations.set(name, { uid, displayName, clients: new Map() });
    return { issuer: `https://idp.example/realms/${name}` };
  }

  async ensureClient({ organization, client, known }: Args<"ensureClient">): Promise<ClientCredentials> {
    this.#called("ensureClient", `client ${organization.name} ${client.name}`);
    const realm = this.#own(organization);
    if (!realm) throw new IdentityError(`realm ${organization.name} does not exist`, "unavailable");
    const found = realm.clients.get(client.name);
    const isKnown = found?.credentials.registrationAccessToken === known?.registrationAccessToken;
    if (found && isKnown && isDeepStrictEqual(found.spec, client)) return found.credentials;
    this.changes.push(`${found ? "change" : "make"} client ${organization.name} ${client.name}`);
    const n = ++this.#count;
    const clientId = found?.credentials.clientId ?? `${organization.name}-${client.name}-${organization.uid}`;
    const clientSecret = found?.credentials.clientSecret ?? `client-secret-value-${n}`;
    const credentials = {
      clientId,
      registrationClientUri: `https://idp.example/clients/${clientId}`,
      registrationAccessToken: `registration-token-value-${n}`,
      ...(client.type === "confidential" && { clientSecret }),
    };
    realm.clients.set(client.name, { spec: client, credentials });
    return credentials;
  }

  async removeClient({ organization, name }: Args<"removeClient">): Promise<void> {
    this.#called("removeClient", `remove client ${organization.name} ${name}`);
    const realm = this.organizations.get(organization.name);
    if (realm?.uid !== organization.uid || !realm.clients.delete(name)) return;
    this.changes.push(`remove client ${organization.name} ${name}`);
  }

  async removeOrganization({ name, uid }: Organization): Promise<void> {
    this.#called("removeOrganization", `remove ${name}`);
    if (this.organizations.get(name)?.uid !== uid) return;
    this.organizations.delete(name);
    for (const who of this.invited) if (who.startsWith(`${name} `)) this.invited.delete(who);
    this.changes.push(`remove organization ${name}`);
  }

  /** What was asked since the last time. */
  asked(): readonly string[] {
    return this.calls.splice(0);
  }

  /** What was changed since the last time. */
  changed(): readonly string[] {
    return this.changes.splice(0);
  }

  #own({ name, uid }: Organization): Realm | undefined {
    const found = this.organizations.get(name);
    if (found && found.uid !== uid) throw new IdentityError(`realm ${name} exists and is not ours`, "foreign");
    return found;
  }

  #called(method: keyof IdentityProvider, call: string): void {
    const failure = this.failure ?? this.failures.get(method);
    this.failure = undefined;
    this.failures.delete(method);
    if (failure) throw failure;
    this.calls.push(call);
  }
}

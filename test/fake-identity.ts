import type { IdentityProvider, InvitationState } from "../shared/identity/identity.ts";

/** An identity provider of which only invitations are real. */
export class FakeIdentity implements IdentityProvider {
  /** Realm and e-mail of everybody who is invited. */
  readonly invited = new Set<string>();
  /** What was asked, in order, as `invite acme bob@x.io`. */
  readonly calls: string[] = [];
  /** Answered to an invitation in place of what is so. */
  answer: InvitationState | undefined;
  /** Thrown by the next call. */
  failure: Error | undefined;

  async invite({ organization, invitation }: Parameters<IdentityProvider["invite"]>[0]): Promise<InvitationState> {
    const who = `${organization.name} ${invitation.email}`;
    this.#called(`invite ${who}`);
    if (this.answer) return this.answer;
    if (this.invited.has(who)) return "exists";
    this.invited.add(who);
    return "invited";
  }

  async revokeInvitation({ organization, email }: Parameters<IdentityProvider["revokeInvitation"]>[0]): Promise<void> {
    this.#called(`revoke ${organization.name} ${email}`);
    this.invited.delete(`${organization.name} ${email}`);
  }

  async ensureOrganization({ name }: { readonly name: string }) {
    this.#called(`organization ${name}`);
    return { issuer: `https://idp.example/realms/${name}` };
  }

  async ensureClient({ organization, client }: Parameters<IdentityProvider["ensureClient"]>[0]) {
    this.#called(`client ${organization.name} ${client.name}`);
    return { clientId: `${organization.name}-${client.name}` };
  }

  async removeClient({ organization, name }: Parameters<IdentityProvider["removeClient"]>[0]): Promise<void> {
    this.#called(`remove client ${organization.name} ${name}`);
  }

  async removeOrganization({ name }: { readonly name: string }): Promise<void> {
    this.#called(`remove ${name}`);
  }

  /** What was asked since the last time. */
  asked(): readonly string[] {
    return this.calls.splice(0);
  }

  #called(call: string): void {
    const { failure } = this;
    this.failure = undefined;
    if (failure) throw failure;
    this.calls.push(call);
  }
}

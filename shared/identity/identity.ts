import type { Call } from "../kcp/client.ts";

/** An organization as the identity provider is asked to keep it. */
export interface Organization {
  /** Name of the org, and of its realm where the provider has realms. */
  readonly name: string;
  /** Uid of its Account: what carries another one, or none, belongs to somebody else. */
  readonly uid: string;
  readonly displayName: string;
}
export interface ClientSpec {
  /** Name by which it is found again. */
  readonly name: string;
  readonly type: "confidential" | "public";
  readonly redirectUris: readonly string[];
  readonly postLogoutRedirectUris: readonly string[];
}
/** What is known of a client. Never to be logged: the last two are secrets. */
export interface ClientCredentials {
  readonly clientId: string;
  readonly registrationClientUri?: string;
  readonly clientSecret?: string;
  readonly registrationAccessToken?: string;
}
export interface Invitation {
  readonly email: string;
  /** Where the invited person goes on after the mail. */
  readonly clientId: string;
  readonly redirectUri: string;
}
/** `invited`: the user is there and the mail is sent. `exists`: the user was there and needs no mail. `unsupported`: this
 *  provider keeps no users of ours. */
export type InvitationState = "invited" | "exists" | "unsupported";

/** What the product asks of an identity provider. Arguments and answers are plain JSON, so that each call can be recorded
 *  and replayed. Every method is idempotent and throws IdentityError. */
export interface IdentityProvider {
  /** Makes the organization, or brings it to the wanted settings; answers its issuer as the discovery document gives it. */
  ensureOrganization(args: Organization, call?: Call): Promise<{ readonly issuer: string }>;
  /** Makes the client, or brings it to the wanted form. `known` is what an earlier call answered; a client that has the
   *  wanted form is left alone, its tokens too. */
  ensureClient(
    args: { readonly organization: Organization; readonly client: ClientSpec; readonly known?: ClientCredentials },
    call?: Call,
  ): Promise<ClientCredentials>;
  /** A client that is gone already is no error, and what is not ours is left alone: there is nothing of ours in it. */
  removeClient(
    args: { readonly organization: Organization; readonly name: string; readonly known?: ClientCredentials },
    call?: Call,
  ): Promise<void>;
  /** Makes the user unless there is one of exactly this e-mail, and asks for the mail until it was sent once. */
  invite(
    args: { readonly organization: Organization; readonly invitation: Invitation },
    call?: Call,
  ): Promise<InvitationState>;
  /** Takes back an invitation that was not accepted; a user who has set a password stays. */
  revokeInvitation(args: { readonly organization: Organization; readonly email: string }, call?: Call): Promise<void>;
  /** Removes the organization with its clients and users; one that is gone already is no error, one that is not ours is
   *  left alone. */
  removeOrganization(args: Organization, call?: Call): Promise<void>;
}

/** `foreign`: it exists and is not ours. `refused`: asking again will not help. `unavailable`: no answer, 409, 429 or 5xx, or our
 *  own credentials were not accepted, which are read from their files again for the next try. */
export type IdentityProblem = "foreign" | "refused" | "unavailable";

export class IdentityError extends Error {
  override name = "IdentityError";
  readonly problem: IdentityProblem;
  constructor(message: string, problem: IdentityProblem, options?: ErrorOptions) {
    super(message, options);
    this.problem = problem;
  }
}

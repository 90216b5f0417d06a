/** How the identity provider of the organizations is reached. Secrets are named by file, and read anew for each login. */
export type IdentityConfig = KeycloakConfig | RegistrationConfig | ExistingConfig;

interface Reachable {
  /** PEM file of the CAs that may have signed its certificate; those of the system unless given. Read anew when it changes. */
  readonly caFile?: string;
  /** Milliseconds for one answer; 30 s unless given. */
  readonly timeoutMs?: number;
}

/** A Keycloak in which each organization gets a realm. */
export interface KeycloakConfig extends Reachable {
  readonly kind: "keycloak";
  /** https base URL at which we reach it, with the path before `/realms` and `/admin` if there is one. */
  readonly url: string;
  /** Base URL in its issuers where users reach it elsewhere; `url` unless given. */
  readonly publicUrl?: string;
  readonly admin: KeycloakLogin;
  readonly realm?: RealmSettings;
}

/** Who we are in realm master: a service account, which needs no more than the role `create-realm`, or a user. */
export type KeycloakLogin =
  | { readonly clientId: string; readonly secretFile: string }
  | { readonly username: string; readonly passwordFile: string };

export interface RealmSettings {
  /** Whether people may register themselves; their e-mail is verified then. Not unless given. */
  readonly registrationAllowed?: boolean;
  /** 28800 unless given. */
  readonly accessTokenSeconds?: number;
  /** 28800 unless given. */
  readonly sessionIdleSeconds?: number;
  /** For how long the link in an invitation works; Keycloak's own (12 h) unless given. */
  readonly invitationSeconds?: number;
  /** Lets clients trade user name and password for tokens: for tests. Not unless given. */
  readonly directAccessGrants?: boolean;
  /** Puts the user's groups of the realm into the tokens as claim `groups`. Not unless given: whoever may edit groups there
   *  would choose the groups that kcp sees. */
  readonly groupsClaim?: boolean;
  readonly smtp?: SmtpSettings;
}

export interface SmtpSettings {
  readonly host: string;
  readonly port: number;
  readonly from: string;
  readonly fromDisplayName?: string;
  readonly encryption?: "none" | "starttls" | "tls";
  readonly login?: { readonly username: string; readonly passwordFile: string };
}

/** Any OpenID Connect provider with dynamic client registration (RFC 7591 and 7592). */
export interface RegistrationConfig extends Reachable {
  readonly kind: "registration";
  /** https issuer; `{org}` in it stands for the organization's name. */
  readonly issuer: string;
  /** Initial access token, where the provider asks for one. */
  readonly initialAccessTokenFile?: string;
}

/** A provider in which nothing is to be made. */
export interface ExistingConfig extends Reachable {
  readonly kind: "existing";
  /** https issuer; `{org}` in it stands for the organization's name. */
  readonly issuer: string;
  /** Client id by name of the client; `{org}` in both stands for the organization's name. */
  readonly clientIds: Readonly<Record<string, string>>;
}

export const forOrganization = (template: string, name: string): string => template.replaceAll("{org}", name);

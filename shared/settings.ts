import { securityMarker } from "./names.ts";

/** What an installation can choose about the steps. */
export interface Settings {
  /** Workspace that holds the orgs; everything below it is theirs. */
  readonly orgsPath: string;
  /** `spec.type` values besides org and account. */
  readonly additionalAccountTypes: readonly string[];
  /** Org names that nobody may take. */
  readonly deniedOrgNames: readonly string[];
  /** PEM of the kcp server's CA, copied into every AccountInfo. */
  readonly serverCa: string;
  /** Conditions whose step is switched off by a flag: not shown, not done. */
  readonly disabledSteps: ReadonlySet<string>;
  /** Only Accounts whose label debug.platform-mesh.io has this value are looked at; "" means without the label. */
  readonly debugLabelValue: string;
  /** What security-init is to make; absent while security is off. */
  readonly security?: SecuritySettings;
}

/** How orgs are secured (spec/security.md, section 1). */
export interface SecuritySettings {
  /** Initializer and terminator that hold a workspace until security is in place, or gone. */
  readonly marker: string;
  readonly parts: SecurityParts;
  /** Orgs are reached at `https://<org>.<baseDomain>`. */
  readonly baseDomain: string;
  /** Redirect URIs of each org's own client, besides those below its domain. */
  readonly additionalRedirectUris: readonly string[];
  readonly kubectlRedirectUris: readonly string[];
  /** Audiences that kcp accepts besides the client ids. */
  readonly additionalAudiences: readonly string[];
  /** Claims of a token that kcp takes for the user's name and groups. */
  readonly claims: { readonly username: string; readonly groups: string };
  /** PEM of the CA of the issuers; system CAs are used without. */
  readonly issuerCa?: string;
  /** Everybody who is logged in is a member of every org. */
  readonly allowMembers: boolean;
  /** Audit events name people by the SHA-256 of their e-mail address. */
  readonly hashSubjects: boolean;
}
/** Parts that can be switched off one by one. */
export interface SecurityParts {
  /** Store, model and tuples in OpenFGA. */
  readonly store: boolean;
  /** Realm, clients and their Secrets. */
  readonly identity: boolean;
  /** Invitation of the creator. */
  readonly invitation: boolean;
  /** WorkspaceAuthenticationConfiguration, by which kcp accepts the org's tokens. */
  readonly authentication: boolean;
}

export const defaultSettings: Settings = {
  orgsPath: "root:orgs",
  additionalAccountTypes: [],
  deniedOrgNames: [],
  serverCa: "",
  disabledSteps: new Set(),
  debugLabelValue: "",
};

export const defaultSecurity: SecuritySettings = {
  marker: securityMarker,
  parts: { store: true, identity: true, invitation: true, authentication: true },
  baseDomain: "localhost",
  additionalRedirectUris: [],
  kubectlRedirectUris: ["http://localhost:8000", "http://localhost:18000"],
  additionalAudiences: [],
  claims: { username: "email", groups: "groups" },
  allowMembers: false,
  hashSubjects: false,
};

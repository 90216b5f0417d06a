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
  /** The portal of an org is `https://<org>.<this>/`: where an invitation leads. */
  readonly baseDomain: string;
  /** Audit events name people by the SHA-256 of their e-mail address. */
  readonly hashSubjects: boolean;
}

export const defaultSettings: Settings = {
  orgsPath: "root:orgs",
  additionalAccountTypes: [],
  deniedOrgNames: [],
  serverCa: "",
  disabledSteps: new Set(),
  debugLabelValue: "",
  baseDomain: "localhost",
  hashSubjects: false,
};

/** An Account of a case; an org `acme` in root:orgs unless it says otherwise. */
export interface Given {
  /** "" has the server generate one. */
  readonly name?: string;
  readonly type?: string;
  readonly creator?: string;
  /** Workspace that holds it: the orgs', that of org acme, or one further down. */
  readonly workspace?: "orgs" | "acme" | "deep";
  readonly isDeleting?: boolean;
}

/** What somebody asks for, and what admission says, however it is done. */
export interface AdmissionCase {
  readonly title: string;
  /** As it is stored, of a change. */
  readonly before?: Given;
  readonly given: Given;
  /** Part of what is said against it; it is let in without. */
  readonly refusal?: string;
  /** Who asks: anybody, or a member of the creator admins. */
  readonly by?: "support";
  /** A policy lets it in: it knows neither the workspace nor how many there are (decisions.md 28). */
  readonly isWebhooksAlone?: true;
}

/** What the installation of the cases has chosen. */
export const chosen = { additionalAccountTypes: ["partner"], deniedOrgNames: ["admin"] };

const created: readonly AdmissionCase[] = [
  { title: "002-F20 lets in an org", given: {} },
  { title: "002-F20 lets in an account in an org", given: { type: "account", name: "dev", workspace: "acme" } },
  { title: "002-F20 lets in an account at any depth", given: { type: "account", name: "1st", workspace: "deep" } },
  {
    title: "001-F03 lets in a type of the operator's own",
    given: { type: "partner", name: "dev", workspace: "acme" },
  },
  { title: "002-F20 lets in an org with the shortest name", given: { name: "abc" } },
  { title: "002-F20 lets in an org with the longest name", given: { name: "a".repeat(55) } },
  {
    title: "002-F20 lets in an account whose name no org may have",
    given: { type: "account", name: "admin", workspace: "acme" },
  },
  { title: "001-F05 lets in a creator who is the user", given: { creator: "alice" } },
  { title: "001-F05 lets in an empty creator", given: { creator: "" } },
  { title: "001-F05 lets the creator admins name any creator", given: { creator: "bob" }, by: "support" },
  { title: "002-F20 lets in a name that the server has still to generate", given: { name: "" } },
  {
    title: "001-F03 refuses a type that nobody allowed",
    given: { type: "trial" },
    refusal: 'account type "trial" is not allowed: use one of org',
  },
  {
    title: "001-F03 refuses a type of strange characters, and names it",
    given: { type: 'a"b\\c\nd é' },
    refusal: 'account type "a\\"b\\\\c\\nd é" is not allowed',
  },
  { title: "002-F23 refuses an org with a short name", given: { name: "ab" }, refusal: "too short: use at least 3" },
  {
    title: "002-F23 refuses an org with a denied name",
    given: { name: "admin" },
    refusal: '"admin" is reserved: choose another',
  },
  {
    title: "decisions 27: refuses an org that is named like a realm",
    given: { name: "welcome" },
    refusal: "is reserved",
  },
  {
    title: "002-F23 refuses an org whose types would have no name",
    given: { name: "a".repeat(56) },
    refusal: "too long: use at most 55",
  },
  {
    title: "002-F23 refuses an org that begins with a digit",
    given: { name: "1st" },
    refusal: "must start with a letter",
  },
  {
    title: "002-F23 refuses a name with a dot",
    given: { name: "a.b", type: "account", workspace: "acme" },
    refusal: "cannot become a workspace: use 1 to 63",
  },
  {
    title: "002-F23 refuses a name that is too long for a workspace",
    given: { name: "a".repeat(64), type: "account", workspace: "acme" },
    refusal: "cannot become a workspace: use 1 to 63",
  },
  {
    title: "002-F23 refuses an org inside an org",
    given: { workspace: "acme" },
    refusal: "create it there, or use type account",
    isWebhooksAlone: true,
  },
  {
    title: "002-F23 refuses an account outside any org",
    given: { type: "account", name: "dev" },
    refusal: "create it in the workspace of its org",
    isWebhooksAlone: true,
  },
  {
    title: "001-F05 refuses the creator of somebody else",
    given: { creator: "bob" },
    refusal: "name yourself, or leave it out; group",
  },
];

const changed: readonly AdmissionCase[] = [
  {
    title: "001-F05 refuses a change to another type",
    before: {},
    given: { type: "account" },
    refusal: 'spec.type cannot change (it is "org")',
  },
  {
    title: "001-F05 refuses a change to another creator",
    before: { creator: "alice" },
    given: { creator: "bob" },
    refusal: 'spec.creator cannot change (it is "alice"); group',
  },
  {
    title: "001-F05 refuses a change to no creator any more",
    before: { creator: "alice" },
    given: { creator: "" },
    refusal: "spec.creator cannot change",
  },
  { title: "decisions 26: lets in a creator where there was none", before: {}, given: { creator: "bob" } },
  {
    title: "001-F05 lets the creator admins change a creator",
    before: { creator: "alice" },
    given: { creator: "bob" },
    by: "support",
  },
  {
    title: "decisions 25: lets in a change to metadata of a name that is reserved now",
    before: { name: "admin" },
    given: { name: "admin" },
  },
  {
    title: "decisions 25: lets in a change to metadata of a type that is not allowed now",
    before: { name: "old", type: "trial" },
    given: { name: "old", type: "trial" },
  },
  {
    title: "decisions 25: lets in any change of what is being deleted",
    before: { isDeleting: true },
    given: { type: "account", isDeleting: true },
  },
];

/** The single list of what admission must say: for the function itself, the webhooks, and the policy. */
export const admissionCases: readonly AdmissionCase[] = [...created, ...changed];

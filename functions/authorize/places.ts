import type { AccountKey } from "../../shared/account-key.ts";

/** A workspace as OpenFGA knows it. */
export type Place = OrgsPlace | AccountPlace;
/** The workspace that holds the orgs. */
export interface OrgsPlace {
  readonly kind: "orgs";
  /** Id of the store that says who may create orgs. */
  readonly store: string;
}
/** The workspace of an account. */
export interface AccountPlace {
  readonly kind: "account";
  /** Its cluster id. */
  readonly cluster: string;
  readonly account: AccountKey;
  /** Id of the org's store. */
  readonly store: string;
}

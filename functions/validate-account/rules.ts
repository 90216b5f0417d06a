import { nameProblem, typeProblem } from "../../shared/naming.ts";
import type { Settings } from "../../shared/settings.ts";
import type { Review, ReviewedAccount } from "./review.ts";

/** What an installation can choose about admission. */
export interface AdmissionSettings extends Pick<Settings, "orgsPath" | "additionalAccountTypes" | "deniedOrgNames"> {
  /** Members may name any creator, and change one. */
  readonly creatorAdminGroup: string | undefined;
}

/** Why a new Account is refused by what it says itself, or `undefined`. */
export function refusedContent(account: ReviewedAccount, review: Review, settings: AdmissionSettings) {
  return (
    typeProblem(account.type, settings) ??
    // A name that is still to be generated is reviewed when it is there.
    (account.name ? nameProblem(account.type, account.name, settings) : undefined) ??
    foreignCreator(account, review, settings)
  );
}

/** Why a change is refused, or `undefined`: a rule is asked only when its field changed, so that what a rule of today
 *  would not let in can still be worked on (decisions.md 25). */
export function refusedChange(
  account: ReviewedAccount,
  stored: ReviewedAccount,
  review: Review,
  settings: AdmissionSettings,
) {
  if (account.type !== stored.type) {
    return `spec.type cannot change (it is ${JSON.stringify(stored.type)}): create another Account of that type`;
  }
  // Accounts made before admission have no creator: it can be filled in, once.
  if (account.creator === stored.creator || stored.creator === "" || isCreatorAdmin(review, settings)) return undefined;
  return `spec.creator cannot change (it is ${JSON.stringify(stored.creator)})${adminsMay(settings)}`;
}

function foreignCreator({ creator }: ReviewedAccount, review: Review, settings: AdmissionSettings) {
  if (creator === "" || creator === review.username || isCreatorAdmin(review, settings)) return undefined;
  return `spec.creator is ${JSON.stringify(creator)}, and the request comes from ${JSON.stringify(review.username)}: name yourself, or leave it out${adminsMay(settings)}`;
}

const isCreatorAdmin = ({ groups }: Review, { creatorAdminGroup }: AdmissionSettings): boolean =>
  creatorAdminGroup !== undefined && groups.includes(creatorAdminGroup);

/** The end of what is said about a creator. */
export const adminsMay = ({ creatorAdminGroup }: Pick<AdmissionSettings, "creatorAdminGroup">): string =>
  creatorAdminGroup === undefined ? "" : `; group ${creatorAdminGroup} may name another`;

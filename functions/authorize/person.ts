import { FgaError } from "../../shared/fga/fga.ts";
import { fgaUser } from "../../shared/fga/tuples.ts";
import { type NoOpinion, noOpinion } from "./opinion.ts";
import type { Review } from "./review.ts";

/** How kcp calls a ServiceAccount outside of its own workspace; it asks under both names. */
const globalServiceAccount = /^system:kcp:serviceaccount:([^:]+):([^:]+):([^:]+)$/;

/** Who asks, as OpenFGA knows them. */
export function personOf({ user, userCluster, groups, cluster }: Review): { readonly user: string } | NoOpinion {
  // kcp asks as system:anonymous, authenticated, for whoever has no rights beyond another workspace: `user:*` must not
  // let them in.
  if (user === "system:anonymous" || groups.includes("system:unauthenticated")) {
    return noOpinion("nobody is logged in here");
  }
  try {
    const [, home, namespace, name] = globalServiceAccount.exec(user) ?? [];
    if (home !== undefined) return { user: fgaUser(`system:serviceaccount:${namespace}:${name}`, home) };
    return { user: fgaUser(user, userCluster ?? cluster) };
  } catch (error) {
    if (error instanceof FgaError && error.problem === "refused") return noOpinion(error.message);
    throw error;
  }
}

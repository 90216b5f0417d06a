import type { Tuple } from "../../shared/fga/fga.ts";
import { relationFor, typeFor } from "../../shared/fga/names.ts";
import { objectId } from "../../shared/fga/object-id.ts";
import { accountObject } from "../../shared/fga/tuples.ts";
import { coreExport } from "../../shared/names.ts";
import { type NoOpinion, noOpinion } from "./opinion.ts";
import { isRead, outside } from "./outside.ts";
import type { AccountPlace, OrgsPlace, Place } from "./places.ts";
import type { ResourceRequest, Review } from "./review.ts";
import { singulars } from "./singulars.ts";

/** What OpenFGA is asked about a user. */
export interface Asked {
  readonly relation: string;
  readonly object: string;
  /** Where the object is: its namespace in the account, the object in its namespace. Nobody writes these down. */
  readonly contextual: readonly Tuple[];
}
/** The questions that a review may mean, to be asked in turn until the model knows what one is about. */
export type Questions = { readonly questions: readonly Asked[] } | NoOpinion;

/** Of an object that is not named: "may they get configmaps at all?". No name in Kubernetes is so. */
const anyName = "*";
const parents = ["create", "list", "watch"] as const;

/** How a review is put to OpenFGA (spec/security.md, section 5). Pure: no server is asked. */
export function questionsOf(review: Review, place: Place): Questions {
  const { resource, verb } = review;
  const reason = outside(review);
  if (reason !== undefined) return noOpinion(reason);
  if (!resource || isAboutSelf(resource)) {
    const isDiscovery = resource ? verb === "create" : verb === "get" && discovery.test(review.path ?? "");
    if (!isDiscovery) return noOpinion(`no role says anything about ${verb} ${review.path ?? resource?.resource}`);
    return ask(presence(place));
  }
  return place.kind === "orgs" ? inOrgs(verb, resource, place) : inAccount(verb, resource, place);
}

/** What kubectl has to read before it can do anything. */
const discovery = /^\/(?:version|api|apis|openapi)(?:\/|$)/;

/** Questions about oneself, as `kubectl auth whoami` and `can-i` ask them: kcp allows them to all who are in, and knows
 *  nobody whom OpenFGA lets in. */
const isAboutSelf = ({ group, resource }: ResourceRequest): boolean =>
  /^(?:authentication|authorization)\.k8s\.io$/.test(group) && /^selfsubject[a-z]*reviews$/.test(resource);

/** Asked of those who want to know what there is: members, and all who may create an org. */
function presence(place: Place): Asked {
  if (place.kind === "orgs") return inOrgsAs("list", place);
  return { relation: "get", object: accountObject(place.account), contextual: [] };
}

function inOrgs(verb: string, { group, resource }: ResourceRequest, place: OrgsPlace): Questions {
  const isKnown = group === coreExport && resource === "accounts" && ["create", ...parents, "get"].includes(verb);
  return isKnown ? ask(inOrgsAs(verb, place)) : noOpinion(`no role says anything about ${verb} ${resource} here`);
}

const inOrgsAs = (verb: string, { name }: OrgsPlace): Asked => ({
  relation: `${verb}_core_platform-mesh_io_accounts`,
  object: `tenancy_kcp_io_workspace:${name}`,
  contextual: [],
});

function inAccount(verb: string, about: ResourceRequest, place: AccountPlace): Questions {
  const { group, resource, name } = about;
  const account = accountObject(place.account);
  if (group === coreExport && resource === "memberships") {
    return ask({ relation: isRead(verb) ? "get_iam_roles" : "manage_iam_roles", object: account, contextual: [] });
  }
  const known = parents.find((each) => each === verb);
  const within = withinOf(about, place);
  if (known) {
    const relation = relationFor(known, group, resource);
    return ask(...within.map(({ parent, contextual }) => ({ relation, object: parent, contextual })));
  }
  return ask(
    ...within.flatMap(({ parent, contextual, path }) =>
      singulars(resource).map((singular): Asked => {
        const object = `${typeFor(group, singular)}:${objectId([place.cluster, ...path, name || anyName])}`;
        return { relation: verb, object, contextual: [...contextual, { user: parent, relation: "parent", object }] };
      }),
    ),
  );
}

interface Within {
  readonly parent: string;
  readonly contextual: readonly Tuple[];
  /** What stands before the name in an object's id. */
  readonly path: readonly string[];
}

/** What a resource may be in. Without a namespace it is in the account or, when the model knows it in namespaces alone, in
 *  all of them. */
function withinOf(
  { group, resource, namespace, name }: ResourceRequest,
  place: AccountPlace,
): readonly [Within, ...Within[]] {
  const account = accountObject(place.account);
  const inTheAccount: Within = { parent: account, contextual: [], path: [] };
  // A request for a namespace carries its name as its namespace too.
  if (group === "" && resource === "namespaces") return [inTheAccount];
  const inNamespace = (each: string): Within => {
    const parent = `core_namespace:${objectId([place.cluster, each])}`;
    return { parent, contextual: [{ user: account, relation: "parent", object: parent }], path: [each] };
  };
  if (namespace !== "") return [inNamespace(namespace)];
  return name === "" ? [inTheAccount, inNamespace(anyName)] : [inTheAccount];
}

const ask = (...questions: readonly Asked[]): Questions => ({ questions });

import { orgsObject } from "../../shared/fga/core-module.ts";
import type { Tuple } from "../../shared/fga/fga.ts";
import { relationFor, typeFor } from "../../shared/fga/names.ts";
import { contextualTuples, namespaceObject, resourceObject } from "../../shared/fga/question.ts";
import { accountObject } from "../../shared/fga/tuples.ts";
import { coreExport } from "../../shared/names.ts";
import { type NoOpinion, noOpinion } from "./opinion.ts";
import { isRead, outside } from "./outside.ts";
import type { AccountPlace, Place } from "./places.ts";
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
  return place.kind === "orgs" ? inOrgs(verb, resource) : inAccount(verb, resource, place);
}

/** What kubectl has to read before it can do anything. */
const discovery = /^\/(?:version|api|apis|openapi)(?:\/|$)/;

/** Questions about oneself, as `kubectl auth whoami` and `can-i` ask them: kcp allows them to all who are in, and knows
 *  nobody whom OpenFGA lets in. */
const isAboutSelf = ({ group, resource }: ResourceRequest): boolean =>
  /^(?:authentication|authorization)\.k8s\.io$/.test(group) && /^selfsubject[a-z]*reviews$/.test(resource);

/** Asked of those who want to know what there is: members, and all who may create an org. */
function presence(place: Place): Asked {
  if (place.kind === "orgs") return accountsInOrgs("list");
  return { relation: "get", object: accountObject(place.account), contextual: [] };
}

function inOrgs(verb: string, { group, resource }: ResourceRequest): Questions {
  const isKnown = group === coreExport && resource === "accounts" && ["create", ...parents, "get"].includes(verb);
  return isKnown ? ask(accountsInOrgs(verb)) : noOpinion(`no role says anything about ${verb} ${resource} here`);
}

const accountsInOrgs = (verb: string): Asked => ({
  relation: `${verb}_core_platform-mesh_io_accounts`,
  object: orgsObject,
  contextual: [],
});

function inAccount(verb: string, about: ResourceRequest, { account, cluster }: AccountPlace): Questions {
  const { group, resource } = about;
  if (group === coreExport && resource === "memberships") {
    const relation = isRead(verb) ? "get_iam_roles" : "manage_iam_roles";
    return ask({ relation, object: accountObject(account), contextual: [] });
  }
  const inParent = parents.find((each) => each === verb);
  const name = about.name || anyName;
  return ask(
    ...namespacesOf(about).flatMap((namespace): readonly Asked[] => {
      const within = { cluster, ...(namespace && { namespace }) };
      if (inParent) {
        const object = namespace ? namespaceObject(cluster, namespace) : accountObject(account);
        const contextual = contextualTuples({ account, ...within });
        return [{ relation: relationFor(inParent, group, resource), object, contextual }];
      }
      return singulars(resource).map((singular) => {
        const target = { ...within, type: typeFor(group, singular), name };
        const contextual = contextualTuples({ account, ...target });
        return { relation: verb, object: resourceObject(target), contextual };
      });
    }),
  );
}

/** Where a resource may be; "" is the account itself. What is asked of no namespace is asked of the account or, when the
 *  model knows the resource in namespaces alone, of all of them. */
function namespacesOf({ group, resource, namespace, name }: ResourceRequest): readonly string[] {
  // A request for a namespace carries its name as its namespace too.
  if (group === "" && resource === "namespaces") return [""];
  if (namespace !== "") return [namespace];
  return name === "" ? ["", anyName] : [""];
}

const ask = (...questions: readonly Asked[]): Questions => ({ questions });

import { FgaError, type Question } from "../../shared/fga/fga.ts";
import { objectId } from "../../shared/fga/object-id.ts";
import { accountObject } from "../../shared/fga/tuples.ts";
import type { Call } from "../../shared/kcp/client.ts";
import { messageOf } from "../../shared/kcp/errors.ts";
import { isNoOpinion, type NoOpinion, noOpinion } from "./opinion.ts";
import { isBind } from "./outside.ts";
import { personOf } from "./person.ts";
import type { Place } from "./places.ts";
import { type Asked, questionsOf } from "./question.ts";
import type { Answer, Review } from "./review.ts";

/** What authorize has to know of kcp and OpenFGA. */
export interface Deps {
  /** The workspace of a cluster id, or why its users are none of OpenFGA's. Throws when that cannot be told now. */
  placeOf(cluster: string, call?: Call): Promise<Place | NoOpinion>;
  /** Throws FgaError. */
  check(question: Question, call?: Call): Promise<boolean>;
}
/** An answer, with the question that decided it. */
export interface Decision extends Answer {
  readonly asked?: Question;
}

/** Whether OpenFGA lets somebody do something in a workspace: allowed, or no opinion. It never throws: kcp refuses when
 *  there is no opinion. */
export async function authorize(review: Review, deps: Deps, call?: Call): Promise<Answer> {
  try {
    return await decide(review, deps, call);
  } catch (error) {
    return unanswered(error);
  }
}

/** The same for who can say what went wrong. Throws what `deps` throw. */
export async function decide(review: Review, deps: Deps, call?: Call): Promise<Decision> {
  const questions = isBind(review)
    ? await questionOfBind(review, deps, call)
    : await questionsOfUser(review, deps, call);
  if (isNoOpinion(questions)) return { allowed: false, reason: questions.noOpinion };
  return firstKnown(questions, deps, call);
}

/** No opinion for want of an answer; what went wrong is for the log of kcp, not for the user. */
export const unanswered = (error: unknown): Answer & { readonly evaluationError: string } => ({
  allowed: false,
  reason: "who may do what cannot be told just now: try again",
  evaluationError: messageOf(error),
});

type Ready = readonly Question[] | NoOpinion;

async function questionsOfUser(review: Review, deps: Deps, call?: Call): Promise<Ready> {
  const person = personOf(review);
  if (isNoOpinion(person)) return person;
  const place = await workspaceOf(review, deps, call);
  if (isNoOpinion(place)) return place;
  const found = questionsOf(review, place);
  if (isNoOpinion(found)) return found;
  return found.questions.map(({ relation, object, contextual }: Asked) => ({
    store: place.store,
    tuple: { user: person.user, relation, object },
    ...(contextual.length > 0 && { contextual }),
  }));
}

/** Whether an account may use an API: asked of the account, whoever binds it. */
async function questionOfBind({ groups, resource, cluster }: Review, deps: Deps, call?: Call): Promise<Ready> {
  const consumers = groups.flatMap((group) => /^system:cluster:(.+)$/.exec(group)?.[1] ?? []);
  const [consumer] = consumers;
  if (!cluster || !resource?.name || consumer === undefined || consumers.length > 1) {
    return noOpinion("kcp does not say which workspace is to use the API");
  }
  const place = await deps.placeOf(consumer, call);
  if (isNoOpinion(place)) return place;
  if (place.kind !== "account") return noOpinion("the workspace that is to use the API belongs to no account");
  const user = `apis_kcp_io_apiexport:${objectId([cluster, resource.name])}`;
  return [{ store: place.store, tuple: { user, relation: "bind", object: accountObject(place.account) } }];
}

async function workspaceOf({ cluster }: Review, deps: Deps, call?: Call): Promise<Place | NoOpinion> {
  return cluster === undefined ? noOpinion("kcp does not say in which workspace") : deps.placeOf(cluster, call);
}

async function firstKnown(questions: readonly Question[], deps: Deps, call?: Call): Promise<Decision> {
  let unknown: FgaError | undefined;
  for (const asked of questions) {
    const { user, relation, object } = asked.tuple;
    try {
      const allowed = await deps.check(asked, call);
      return { allowed, reason: `${user} is ${allowed ? "" : "not "}${relation} of ${object}`, asked };
    } catch (error) {
      // The model has no such type or relation.
      if (!(error instanceof FgaError) || error.problem !== "refused") throw error;
      unknown = error;
    }
  }
  const [first] = questions;
  return {
    allowed: false,
    reason: `the model knows no ${first?.tuple.relation} of ${first?.tuple.object}: ${unknown?.code}`,
  };
}

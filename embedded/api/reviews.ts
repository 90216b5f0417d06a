import { randomUUID } from "node:crypto";
import type { Attributes, User, Verdict } from "../access/attributes.ts";
import { asObject, asString, at, type JsonObject, strings } from "../json.ts";
import { timestamp } from "../object.ts";

export interface ReviewOptions {
  readonly user: User;
  readonly cluster: string;
  readonly now: number;
  authorize(attributes: Attributes): Verdict;
  userOf(token: string): User | undefined;
}

/** Answers a question that is posted as an object; `undefined` when the resource is no question. */
export function answerReview(resource: string, given: JsonObject, options: ReviewOptions): JsonObject | undefined {
  const { user, now } = options;
  const answer = (status: JsonObject) => ({ ...given, metadata: {}, status });
  switch (resource) {
    case "selfsubjectreviews.authentication.k8s.io":
      return {
        ...given,
        metadata: { creationTimestamp: timestamp(now) },
        status: { userInfo: userInfo(user) },
      };
    case "tokenreviews.authentication.k8s.io": {
      const found = options.userOf(asString(at(given, "spec", "token")));
      return answer(
        found ? { authenticated: true, user: userInfo(found) } : { user: {}, error: "invalid bearer token" },
      );
    }
    case "selfsubjectaccessreviews.authorization.k8s.io":
      return answer(verdict(given, user, options));
    case "subjectaccessreviews.authorization.k8s.io":
    case "localsubjectaccessreviews.authorization.k8s.io": {
      const name = asString(at(given, "spec", "user"));
      return answer(verdict(given, { name, uid: randomUUID(), groups: strings(at(given, "spec", "groups")) }, options));
    }
    case "selfsubjectrulesreviews.authorization.k8s.io":
      return answer({ incomplete: true, resourceRules: [], nonResourceRules: [] });
    default:
      return undefined;
  }
}

const userInfo = ({ name, uid, groups, extra }: User): JsonObject => ({
  username: name,
  ...(uid && { uid }),
  groups: [...groups],
  ...(extra && { extra: { ...extra } }),
});

function verdict(given: JsonObject, user: User, { cluster, authorize }: ReviewOptions): JsonObject {
  const asked = asObject(at(given, "spec", "resourceAttributes"));
  const path = at(given, "spec", "nonResourceAttributes", "path");
  const text = (name: string) => asString(asked[name]);
  const { isAllowed, reason } = authorize({
    user,
    cluster,
    verb: typeof path === "string" ? asString(at(given, "spec", "nonResourceAttributes", "verb")) : text("verb"),
    ...(typeof path === "string" && { path }),
    group: text("group"),
    resource: text("resource"),
    subresource: text("subresource"),
    namespace: text("namespace"),
    name: text("name"),
  });
  return { allowed: isAllowed, reason: isAllowed ? "access granted" : reason };
}

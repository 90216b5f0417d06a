import { authorize, type Deps, unanswered } from "../../functions/authorize/index.ts";
import { type Answer, decodeReview, encodeAnswer, type Review } from "../../functions/authorize/review.ts";
import type { Log } from "../../shared/function.ts";
import type { CertificateOptions } from "../certificate.ts";
import { systemClock } from "../clock.ts";
import type { Listening } from "../http-server.ts";
import { type ReviewMetrics, serveReviews } from "../review-server.ts";
import type { Address } from "../run-config.ts";
import { withinLimits } from "../time-limit.ts";

export interface AuthorizationOptions {
  readonly address: Address;
  readonly certificate: Pick<CertificateOptions, "folder" | "everyMs" | "onRead">;
  readonly deps: Deps;
  /** The longest that a review takes, in milliseconds: kcp holds the user's request as long. */
  readonly limitMs: number;
  readonly log: Log;
  readonly metrics: AuthorizationMetrics;
}
/** Told of every request, and of every answer. */
export interface AuthorizationMetrics extends ReviewMetrics {
  judged(answer: Answer): void;
}

/** The path of the reference webhook, which kcp's configuration names. */
export const authorizePath = "/authz";

const never = new AbortController().signal;

/** Serves SubjectAccessReviews over HTTPS. Rejects when there is no certificate, or the port is taken. */
export function serveAuthorization(options: AuthorizationOptions): Promise<Listening> {
  const { address, certificate, deps, limitMs, log, metrics } = options;
  const decide = (review: Review): Promise<Answer> =>
    withinLimits({ ms: limitMs, stop: never, clock: systemClock }, (signal) =>
      authorize(review, deps, { signal }),
    ).catch(unanswered);
  let isFailing = false;
  const noteOutage = ({ evaluationError }: Answer) => {
    if ((evaluationError !== undefined) === isFailing) return;
    isFailing = !isFailing;
    if (isFailing)
      log.error({ why: evaluationError }, "authorization cannot be decided: kcp refuses what RBAC does not allow");
    else log.info({}, "authorization is decided again");
  };
  return serveReviews({
    ...{ address, log, metrics, portFlag: "authorization-webhook-port", review: "a SubjectAccessReview" },
    certificate: { ...certificate, owner: "the authorization webhook", flag: "authorization-webhook-cert-dir" },
    judges: {
      async [authorizePath](body) {
        const review = decodeReview(body);
        const { user, verb, cluster, path, resource } = review;
        const answer = await decide(review);
        metrics.judged(answer);
        noteOutage(answer);
        log.debug({ user, verb, cluster, path, resource, ...answer }, "answered a SubjectAccessReview");
        return encodeAnswer(review.apiVersion, answer);
      },
    },
    maxBytes: 1024 * 1024,
    patienceMs: 10_000,
  });
}

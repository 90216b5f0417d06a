import { type Deps, mutateAccount, validateAccount } from "../../functions/validate-account/index.ts";
import { decodeReview, encodeVerdict, type Review, type Verdict } from "../../functions/validate-account/review.ts";
import type { Log } from "../../shared/function.ts";
import type { CertificateOptions } from "../certificate.ts";
import type { Listening } from "../http-server.ts";
import { type Judge, type ReviewMetrics, serveReviews } from "../review-server.ts";
import type { Address } from "../run-config.ts";

export interface AdmissionOptions {
  readonly address: Address;
  readonly certificate: Pick<CertificateOptions, "folder" | "everyMs" | "onRead">;
  readonly deps: Deps;
  readonly log: Log;
  readonly metrics: AdmissionMetrics;
}
/** Told of every request, and of every verdict. */
export interface AdmissionMetrics extends ReviewMetrics {
  judged(review: Review, verdict: Verdict): void;
}

const judges = {
  "/mutate-core-platform-mesh-io-v1alpha1-account": async (review: Review) => mutateAccount(review),
  "/validate-core-platform-mesh-io-v1alpha1-account": validateAccount,
} as const;
/** The paths of the reference operator, which registrations name. */
export const [mutatePath, validatePath] = Object.keys(judges) as [keyof typeof judges, keyof typeof judges];

/** Serves admission reviews of Accounts over HTTPS. Rejects when there is no certificate, or the port is taken. */
export function serveAdmission({ certificate, deps, log, metrics, address }: AdmissionOptions): Promise<Listening> {
  const answering =
    (judge: (review: Review, deps: Deps) => Promise<Verdict>): Judge =>
    async (body) => {
      const review = decodeReview(body);
      const verdict = await judge(review, deps);
      metrics.judged(review, verdict);
      const { refusal } = verdict;
      if (refusal !== undefined) log.info({ uid: review.uid, user: review.username, refusal }, "refused an Account");
      return encodeVerdict(review.uid, verdict);
    };
  return serveReviews({
    ...{ address, log, metrics, portFlag: "webhooks-port", review: "an AdmissionReview" },
    certificate: { ...certificate, owner: "the admission webhooks", flag: "webhooks-cert-dir" },
    judges: { [mutatePath]: answering(judges[mutatePath]), [validatePath]: answering(judges[validatePath]) },
    // kcp sends an object and what it was before, each of at most 1.5 MiB.
    maxBytes: 4 * 1024 * 1024,
    // kcp itself does not wait longer for a review.
    patienceMs: 10_000,
  });
}

import type { Metrics } from "../../shared/metrics.ts";
import { recordReviews } from "../record-reviews.ts";
import type { AdmissionMetrics } from "./server.ts";

/** Metrics of admission by the names of the reference operator and of controller-runtime (002-M02, M11). */
export function recordAdmission(metrics: Metrics, accountTypes: readonly string[]): AdmissionMetrics {
  return {
    ...recordReviews(metrics),
    judged({ operation, account }, { refusal }) {
      const type = account?.type ?? "";
      metrics.accounts.validations.inc({
        operation: operation.toLowerCase(),
        result: refusal === undefined ? "allowed" : "denied",
        account_type: accountTypes.includes(type) ? type : "other",
      });
    },
  };
}

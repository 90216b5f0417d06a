import type { Metrics } from "../../shared/metrics.ts";
import type { AdmissionMetrics } from "./server.ts";

/** Metrics of admission by the names of the reference operator and of controller-runtime (002-M02, M11). */
export function recordAdmission(metrics: Metrics, accountTypes: readonly string[]): AdmissionMetrics {
  const { webhookRequests, webhookLatency, webhookInFlight } = metrics.process;
  return {
    started: (webhook) => webhookInFlight.inc({ webhook }),
    answered(webhook, code, ms) {
      webhookInFlight.dec({ webhook });
      webhookRequests.inc({ webhook, code });
      webhookLatency.observe({ webhook }, ms / 1000);
    },
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

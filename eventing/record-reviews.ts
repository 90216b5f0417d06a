import type { Metrics } from "../shared/metrics.ts";
import type { ReviewMetrics } from "./review-server.ts";

/** Metrics of webhooks by the names of controller-runtime (002-M11). */
export function recordReviews(metrics: Metrics): ReviewMetrics {
  const { webhookRequests, webhookLatency, webhookInFlight } = metrics.process;
  return {
    started: (webhook) => webhookInFlight.inc({ webhook }),
    answered(webhook, code, ms) {
      webhookInFlight.dec({ webhook });
      webhookRequests.inc({ webhook, code });
      webhookLatency.observe({ webhook }, ms / 1000);
    },
  };
}

import {
  isSpanContextValid,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import type { DispatchMetrics, Run } from "./dispatch-metrics.ts";
import type { Attributes, TracingConfig } from "./run-config.ts";

/** A span for each handled event, in the trace that the event carries: the chain of one account is one trace. */
export interface Tracing {
  readonly dispatch: DispatchMetrics;
  /** Sends what is not sent yet, for at most 5 s. */
  shutdown(): Promise<void>;
}

/** Loads the OpenTelemetry packages, which nothing else needs, and sends to the collector from now on. */
export async function startTracing(config: TracingConfig, attributes: Attributes): Promise<Tracing> {
  const [{ BatchSpanProcessor, TracerProvider }, { OTLPTraceExporter }, { resourceFromAttributes }] = await Promise.all(
    [
      import("@opentelemetry/sdk-trace"),
      import("@opentelemetry/exporter-trace-otlp-grpc"),
      import("@opentelemetry/resources"),
    ],
  );
  const { collectorEndpoint: endpoint, serviceName, serviceVersion } = config;
  // Without a scheme the collector is spoken to in the clear, as the reference operator does.
  const exporter = new OTLPTraceExporter({ url: endpoint.includes("://") ? endpoint : `http://${endpoint}` });
  const provider = new TracerProvider({
    spanProcessors: [new BatchSpanProcessor({ exporter })],
    resource: resourceFromAttributes({
      "service.name": serviceName,
      "service.version": serviceVersion,
      "deployment.environment.name": attributes.environment,
      "cloud.region": attributes.region,
      "container.image.name": attributes.imageName,
      "container.image.tags": [attributes.imageTag],
      "account_functions.is_local": attributes.isLocal,
    }),
  });
  const tracer = provider.getTracer("account-functions");
  const spans = new Map<Run, Span>();

  return {
    dispatch: {
      added() {},
      returned() {},
      started(run) {
        const parent = parentOf(run.event.traceparent);
        const context = parent ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT;
        const span = tracer.startSpan(run.function, { startTime: run.startedAt, attributes: described(run) }, context);
        spans.set(run, span);
      },
      handled(run, { outcome, reason = "", trouble, ms }) {
        const span = spans.get(run);
        spans.delete(run);
        span?.setAttributes({ outcome, reason });
        if (trouble) span?.setStatus({ code: SpanStatusCode.ERROR, message: reason });
        span?.end(run.startedAt + ms);
      },
    },
    async shutdown() {
      const limit = new Promise<void>((resolve) => setTimeout(resolve, 5_000).unref());
      await Promise.race([provider.shutdown().catch(() => {}), limit]);
    },
  };
}

const described = ({ function: name, event, attempt, waitedMs }: Run) => ({
  "faas.name": name,
  "cloudevents.event_id": event.id,
  "cloudevents.event_type": event.type,
  "cloudevents.event_source": event.source,
  "cloudevents.event_subject": event.subject ?? "",
  account: event.accountkey ?? "",
  attempt,
  waited_ms: waitedMs,
});

function parentOf(traceparent: string | undefined): SpanContext | undefined {
  const [, traceId = "", spanId = "", flags = "00"] =
    /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(traceparent ?? "") ?? [];
  const context = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
  return isSpanContextValid(context) ? context : undefined;
}

import { z } from "zod";
import type { RunConfig } from "../../eventing/run-config.ts";
import type { Options, Values } from "../command.ts";

export const tracingFlags = {
  "tracing-enabled": { type: "boolean", description: "send traces by OTLP over gRPC" },
  "tracing-config-service-name": { type: "string", default: "", description: "service.name of the traces" },
  "tracing-config-service-version": { type: "string", default: "", description: "service.version of the traces" },
  "tracing-config-collector-endpoint": { type: "string", default: "", description: "host:port of the OTLP collector" },
} as const satisfies Options;

export const tracingShape = { "tracing-enabled": z.boolean(), "tracing-config-collector-endpoint": z.string() };
const shape = z.object(tracingShape);

/** For `.refine(...)` of a schema with that shape. */
export const collectorNeeded = [
  (flags: z.output<typeof shape>): boolean =>
    !flags["tracing-enabled"] || flags["tracing-config-collector-endpoint"] !== "",
  {
    path: ["tracing-config-collector-endpoint"],
    message: "is needed with --tracing-enabled, as collector:4317",
  },
] as const satisfies [unknown, { path: string[]; message: string }];

export function tracingOf(flags: Values<typeof tracingFlags> & { readonly "image-tag": string }): RunConfig["tracing"] {
  if (!flags["tracing-enabled"]) return undefined;
  return {
    serviceName: flags["tracing-config-service-name"] || "account-functions",
    serviceVersion: flags["tracing-config-service-version"] || flags["image-tag"],
    collectorEndpoint: flags["tracing-config-collector-endpoint"],
  };
}

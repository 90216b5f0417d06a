import { randomBytes } from "node:crypto";

const shape = /^00-([0-9a-f]{32})-[0-9a-f]{16}-([0-9a-f]{2})$/;

/** A W3C traceparent for a new span of the same trace, or of a new one where there is none. */
export function continueTrace(traceparent: string | undefined): string {
  const [, trace, flags = "01"] = shape.exec(traceparent ?? "") ?? [];
  return `00-${trace ?? randomBytes(16).toString("hex")}-${randomBytes(8).toString("hex")}-${flags}`;
}

/** Trace id of a W3C traceparent. */
export const traceIdOf = (traceparent: string | undefined): string | undefined => shape.exec(traceparent ?? "")?.[1];

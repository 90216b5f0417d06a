import type { z } from "zod";
import { parseUntrusted, UntrustedJsonError } from "./untrusted-json.ts";

/** A review that cannot be answered; the message says what is wrong with it. */
export class BadReviewError extends Error {
  override name = "BadReviewError";
}

/** Reads a review that an API server posts; `what` it should be, for messages. Throws BadReviewError. */
export function parseReview<T extends z.ZodType>(shape: T, body: Uint8Array, what: string): z.output<T> {
  const parsed = shape.safeParse(jsonOf(body));
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join(".") || "the body"}: ${message}`);
  throw new BadReviewError(`no ${what}: ${faults.join("; ")}`, { cause: parsed.error });
}

function jsonOf(body: Uint8Array): unknown {
  try {
    return parseUntrusted(body);
  } catch (cause) {
    if (!(cause instanceof UntrustedJsonError)) throw cause;
    throw new BadReviewError(`the body ${cause.message}`, { cause });
  }
}

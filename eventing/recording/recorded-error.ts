import { FgaError, type FgaProblem } from "../../shared/fga/fga.ts";
import { IdentityError, type IdentityProblem } from "../../shared/identity/identity.ts";
import { ApiError } from "../../shared/kcp/client.ts";
import { messageOf, UnreachableError } from "../../shared/kcp/errors.ts";
import type { RecordedError } from "./invocation.ts";

/** What is kept of anything thrown. */
export const recordedError = (error: unknown, signal?: AbortSignal): RecordedError => ({
  name: error instanceof Error ? error.name : "Error",
  message: messageOf(error),
  ...(error instanceof ApiError && { code: error.code, reason: error.reason }),
  ...((error instanceof FgaError || error instanceof IdentityError) && { problem: error.problem }),
  ...(signal?.aborted && { aborted: true }),
});

/** The error again, of a class that tells callers the same (classify). */
export function thrownError({ name, message, code, reason = "Unknown", problem }: RecordedError): Error {
  if (name === "FgaError") return new FgaError(message, { problem: problem as FgaProblem, code: "recorded" });
  if (name === "IdentityError") return new IdentityError(message, problem as IdentityProblem);
  if (code !== undefined) return new ApiError(message, { code, reason });
  if (name === "UnreachableError") return new UnreachableError(message);
  return Object.assign(new Error(message), { name });
}

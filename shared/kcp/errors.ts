import { ApiError } from "./client.ts";

/** No answer: the connection failed, broke, or took longer than the call's time limit. */
export class UnreachableError extends Error {
  override name = "UnreachableError";
}

/** What a failed call means to the caller; everything but `invalid` may be different at the next try. */
export type ErrorClass =
  | "already-exists"
  | "conflict"
  | "not-found"
  | "forbidden"
  | "invalid"
  | "expired"
  | "unreachable"
  | "retry"
  | "other";

/** The one place where errors of kcp calls are told apart. */
export function classify(error: unknown): ErrorClass {
  if (error instanceof UnreachableError) return "unreachable";
  if (!(error instanceof ApiError)) return "other";
  if (error.reason === "AlreadyExists") return "already-exists";
  // kcp answers 403 both for missing rights and for a binding that is not usable yet: never final at first sight.
  return byCode.get(error.code) ?? (error.code >= 500 ? "retry" : "invalid");
}

const byCode: ReadonlyMap<number, ErrorClass> = new Map([
  [401, "forbidden"],
  [403, "forbidden"],
  [404, "not-found"],
  [408, "retry"],
  [409, "conflict"],
  [410, "expired"],
  [429, "retry"],
]);

/** The message of anything thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

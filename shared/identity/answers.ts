import type { z } from "zod";
import type { HttpResponse } from "./http.ts";
import { IdentityError, type IdentityProblem } from "./identity.ts";

const maxDetail = 200;

/** Parses an answer that was accepted. What it says is not part of the error: it may hold a secret. */
export function parse<S extends z.ZodType>(schema: S, response: HttpResponse, doing: string): z.output<S> {
  let json: unknown;
  try {
    json = JSON.parse(response.text);
  } catch {
    throw new IdentityError(`${doing}: the answer (status ${response.status}) is no JSON`, "refused");
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const paths = parsed.error.issues.map(({ path, code }) => `${path.join(".") || "the whole"} (${code})`);
  throw new IdentityError(`${doing}: the answer is not what was expected: ${paths.join(", ")}`, "refused");
}

/** The error for a status that was not wanted, with the server's own words but for the secrets that were sent to it. */
export function refusal(doing: string, response: HttpResponse, secrets: readonly string[] = []): IdentityError {
  return new IdentityError(
    [`${doing}: status ${response.status}`, detailOf(response.text, secrets)].filter(Boolean).join(": "),
    problemOf(response.status),
  );
}

/** What is busy or broken may recover, and a conflict is settled by looking again; the rest is said once and for all. */
const problemOf = (status: number): IdentityProblem =>
  status >= 500 || [408, 409, 429].includes(status) ? "unavailable" : "refused";

function detailOf(text: string, secrets: readonly string[]): string {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return "";
  }
  if (typeof json !== "object" || json === null) return "";
  const said = ["errorMessage", "error", "error_description"].map((key) => (json as Record<string, unknown>)[key]);
  const words = said.filter((word) => typeof word === "string").join(": ");
  const safe = secrets
    .filter(Boolean)
    .flatMap(spellings)
    .reduce((rest, secret) => rest.replaceAll(secret, "***"), words);
  // Cut last: half a secret would not be found.
  return safe.replace(/\s+/g, " ").slice(0, maxDetail);
}

/** A server that repeats what it was sent repeats it as it was sent. */
const spellings = (secret: string) => [
  secret,
  encodeURIComponent(secret),
  new URLSearchParams({ secret }).toString().slice("secret=".length),
  JSON.stringify(secret).slice(1, -1),
];

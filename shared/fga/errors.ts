import { FgaError, type FgaProblem } from "./fga.ts";

/** What the SDK throws, as far as it is looked at; only these parts come from the server. */
interface SdkError {
  readonly message?: unknown;
  readonly statusCode?: unknown;
  readonly responseData?: { readonly code?: unknown; readonly message?: unknown } | undefined;
}

/** One foreign error as ours. Never holds what was sent: neither the key nor the tuples of others. */
export function asFgaError(doing: string, error: unknown): FgaError {
  if (error instanceof FgaError) return error;
  const { statusCode, responseData, message }: SdkError = error instanceof Error ? error : {};
  const status = typeof statusCode === "number" ? statusCode : undefined;
  const code = typeof responseData?.code === "string" ? responseData.code : status ? `http_${status}` : "no_answer";
  const said = typeof responseData?.message === "string" ? responseData.message : String(message ?? error);
  const text = `${doing} in OpenFGA: ${hint(status, said) ?? said.replace(/^FGA Error: /, "")}`;
  return new FgaError(text, { problem: problemOf(status, code), code }, { cause: plain(error) });
}

function problemOf(status: number | undefined, code: string): FgaProblem {
  if (code === "store_id_not_found") return "missing";
  // Everything else may be right the next time: 401 and 403 with another key, 404 of another kind was not OpenFGA, 409
  // is another writer.
  return [400, 413, 422].includes(status ?? 0) ? "refused" : "unavailable";
}

function hint(status: number | undefined, said: string): string | undefined {
  if (/self-signed|unable to verify|unable to get (local )?issuer/.test(said))
    return "its certificate is signed by nobody who is trusted: give the CA that signed it";
  if (status === 401 || status === 403)
    return "it does not accept the preshared key: give the one that the server was started with";
  return undefined;
}

/** The SDK's own errors carry request and response along, which log writers would print. */
function plain(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  const copy = new Error(error.message);
  copy.name = error.name;
  if (error.stack) copy.stack = error.stack;
  return copy;
}

/** Text that is no JSON, or no JSON that is safe to work on; the message says why. */
export class UntrustedJsonError extends Error {
  override name = "UntrustedJsonError";
}

/** Levels of nesting that every recursion over a value survives. */
export const maxDepth = 500;

/** Parses JSON that somebody else wrote. Throws UntrustedJsonError. */
export function parseUntrusted(bytes: Uint8Array): unknown {
  const text = decodeText(bytes);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UntrustedJsonError(`is not JSON: ${reason}`, { cause });
  }
  if (isDeeper(json)) throw new UntrustedJsonError(`is nested deeper than ${maxDepth} levels`);
  return json;
}

const utf8 = new TextDecoder("utf-8", { fatal: true });
/** Throws UntrustedJsonError when the bytes are no UTF-8. */
export function decodeText(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new UntrustedJsonError("is not UTF-8", { cause });
  }
}

/** Level by level and not by recursion, which what is too deep would end. */
function isDeeper(json: unknown): boolean {
  let level = [json].filter(isNested);
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > maxDepth) return true;
    level = level.flatMap((value) => Object.values(value).filter(isNested));
  }
  return false;
}

const isNested = (value: unknown): value is object => typeof value === "object" && value !== null;

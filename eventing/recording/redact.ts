import { createHmac, randomBytes } from "node:crypto";

/** The JSON text of a value without its secrets. Most values have none, which a look at the text tells: only what is
 *  suspicious is gone through. */
export function redactedJson(value: unknown): string {
  const text = JSON.stringify(value);
  return suspicious.test(text) ? JSON.stringify(cleaned(value)) : text;
}

/** The same value without its secrets. What has been redacted stays as it is. */
export const redact = <T>(value: T): T =>
  suspicious.test(JSON.stringify(value) ?? "") ? (cleaned(value) as T) : value;

// Equal secrets of one process stay equal and others different, so that a replay decides as the function did; the key
// is never stored, so that nobody can try out guesses.
const key = randomBytes(32);
const placeholder = (secret: string): string =>
  secret === "" || /^redacted-[0-9a-f]{12}$/.test(secret)
    ? secret
    : `redacted-${createHmac("sha256", key).update(secret).digest("hex").slice(0, 12)}`;

const names = "token|passwo?r?d|passphrase|secret|credential|private[-_]?key|api[-_]?key|client[-_]?key[-_]?data";
const secretName = new RegExp(`${names}|^(?:proxy-)?authorization$`, "i");
/** Fields of such a name with a string or a list of strings, also in JSON within a string; and all other patterns. */
const suspicious = new RegExp(
  `(?:${names}|authorization)[^"\\\\]{0,64}\\\\*":\\s*\\[?\\s*\\\\*"|"kind":"Secret"|PRIVATE KEY-----|bearer\\s|eyJ[\\w-]+\\.|://[^/@\\s"]{1,256}@|authorization:`,
  "i",
);

/** Text that is kept, then the secret. */
const patterns: readonly RegExp[] = [
  /()(-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$))/g,
  /(\bauthorization:\s*(?:basic|bearer)?\s*)([^\s"',]+)/gi,
  /(\bbearer\s+)([\w.~+/=-]{8,})/gi,
  /()(\beyJ[\w-]+\.[\w-]+\.[\w-]*)/g,
  /(\b[a-z][\w+.-]*:\/\/)([^/@\s"]+)(?=@)/gi,
];

function cleaned(value: unknown, name = ""): unknown {
  if (typeof value === "string") return secretName.test(name) ? placeholder(value) : cleanedText(value);
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map((entry) => cleaned(entry, name));
  const isSecret = "kind" in value && value.kind === "Secret";
  return Object.fromEntries(
    Object.entries(value).map(([field, content]) => [
      field,
      isSecret && (field === "data" || field === "stringData") ? allHidden(content) : cleaned(content, field),
    ]),
  );
}

function allHidden(data: unknown): unknown {
  if (typeof data !== "object" || data === null) return data;
  return Object.fromEntries(Object.entries(data).map(([name, value]) => [name, placeholder(String(value))]));
}

function cleanedText(text: string): string {
  if (!suspicious.test(text)) return text;
  // As in kubectl's annotation of what was applied last.
  const json = /^\s*[{[]/.test(text) ? parsed(text) : undefined;
  if (json !== undefined) return JSON.stringify(cleaned(json));
  return patterns.reduce(
    (result, pattern) => result.replace(pattern, (_, kept: string, secret: string) => kept + placeholder(secret)),
    text,
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

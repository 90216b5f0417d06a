import { createHmac, randomBytes } from "node:crypto";

/** The JSON text of a value without its secrets. Most values have none, which a look at the text tells: only what is
 *  suspicious is gone through. */
export function redactedJson(value: unknown): string {
  const text = JSON.stringify(value);
  return isSuspicious(text) ? JSON.stringify(cleaned(value)) : text;
}

/** The same value without its secrets. What has been redacted stays as it is. */
export const redact = <T>(value: T): T => (isSuspicious(JSON.stringify(value) ?? "") ? (cleaned(value) as T) : value);

// Equal secrets of one process stay equal and others different, so that a replay decides as the function did; the key
// is never stored, so that nobody can try out guesses.
const key = randomBytes(32);
const placeholder = (secret: string): string =>
  secret === "" || /^redacted-[0-9a-f]{12}$/.test(secret)
    ? secret
    : `redacted-${createHmac("sha256", key).update(secret).digest("hex").slice(0, 12)}`;

// Users write the text that these look at: what may repeat is bounded, so that none takes more than linear time.
const names = "token|passwo?r?d|passphrase|secret|credential|private[-_]?key|api[-_]?key|client[-_]?key[-_]?data";
const secretName = new RegExp(`${names}|^(?:proxy-)?authorization$`, "i");
/** Far quicker than what it spares in almost every text. */
const hint = /token|passw|passphrase|secret|credential|private|api[-_]?key|client[-_]?key|authorization|bearer|eyJ/i;
const suspicious = new RegExp(
  [
    // A field with a string or a list, also in JSON within a string.
    String.raw`(?:${names}|authorization)[^"\\]{0,64}\\*":\s{0,4}\\*["[]`,
    String.raw`"kind\\*":\s{0,4}\\*"Secret`,
    String.raw`(?:${names})=|authorization:|bearer\s|PRIVATE KEY-----|(?<![\w-])eyJ[\w-]+\.|://[^/@\s"]{1,256}@`,
  ].join("|"),
  "i",
);
const isSuspicious = (text: string): boolean => (hint.test(text) || text.includes("@")) && suspicious.test(text);

/** Secrets within text: what is kept, then what is not. */
const patterns: readonly RegExp[] = [
  /()(-----BEGIN [A-Z ]{0,32}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,32}PRIVATE KEY-----|$))/g,
  new RegExp(String.raw`("[^"]{0,64}(?:${names})[^"]{0,64}"\s{0,4}:\s{0,4}")([^"]+)`, "gi"),
  new RegExp(String.raw`((?:${names})=)([^\s&"',;]+)`, "gi"),
  /(\bauthorization:\s{0,4}(?:basic\s|bearer\s)?\s{0,4})([^\s"',]+)/gi,
  /(\bbearer\s{1,4})([\w.~+/=-]{8,})/gi,
  /()((?<![\w-])eyJ[\w-]+\.[\w-]+\.[\w-]*)/g,
  /((?<![\w+.-])[a-z][\w+.-]*:\/\/)([^/@\s"]+)(?=@)/gi,
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
  return Object.fromEntries(Object.entries(data).map(([name, value]) => [name, placeholder(decoded(String(value)))]));
}

/** The same secret elsewhere is not encoded: what a replay encodes anew has to become the same again. */
function decoded(value: string): string {
  const text = Buffer.from(value, "base64").toString();
  return Buffer.from(text).toString("base64") === value ? text : value;
}

function cleanedText(text: string): string {
  if (!isSuspicious(text)) return text;
  // As in kubectl's annotation of what was applied last.
  const json = /^\s{0,4}[{[]/.test(text) ? parsed(text) : undefined;
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

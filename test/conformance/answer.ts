import type { IncomingHttpHeaders } from "node:http";
import { dump } from "js-yaml";
import { neutral } from "./neutral.ts";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** What a server said to one request, written down in full: `String(answer)` is what a case compares. */
export class Answer {
  readonly code: number;
  readonly headers: IncomingHttpHeaders;
  /** Parsed where it is JSON. */
  readonly body: Json;

  constructor(code: number, headers: IncomingHttpHeaders, body: Json) {
    this.code = code;
    this.headers = headers;
    this.body = body;
  }

  at(...path: readonly (string | number)[]): Json {
    return at(this.body, ...path);
  }

  text(...path: readonly (string | number)[]): string {
    return textAt(this.body, ...path);
  }

  items(): readonly Json[] {
    const items = this.at("items");
    if (!Array.isArray(items)) throw new Error(`no list: ${this}`);
    return items;
  }

  /** Names of the items of a list. */
  names(): readonly string[] {
    return this.items().map((item) => textAt(item, "metadata", "name"));
  }

  /** Only these parts of it, each a path such as `metadata.labels`. */
  only(...paths: readonly string[]): string {
    if (this.code >= 400) return String(this);
    const parts = Object.fromEntries(paths.map((path) => [path, this.at(...path.split("."))]));
    return neutral(`${this.code}\n${yaml(parts)}`.trimEnd());
  }

  /** With all that is generated: ids, times and the managers of fields. */
  whole(): string {
    return this.#said(this.body);
  }

  toString(): string {
    return this.#said(quiet(this.body));
  }

  #said(body: Json): string {
    const warnings = this.headers.warning ? `\nwarning: ${this.headers.warning}` : "";
    const isText = typeof body === "string";
    const said = isText ? body : at(body, "kind") === "Status" ? statusText(body) : `\n${yaml(body)}`;
    return neutral(`${this.code} ${said}`.replace(/ +\n/, "\n").trimEnd() + warnings);
  }
}

/** Reason and message, and below them the details; causes in an order of our own, since kcp's is random. */
export function statusText(status: Json): string {
  const details = at(status, "details");
  const { causes = [], ...rest } = isMap(details) ? details : {};
  const all = (Array.isArray(causes) ? causes : []).map(causeOf);
  const said = [...new Set(all.map(({ text }) => text))].join(", ");
  const listed = all.length > 1 ? `[${said}]` : said;
  const head = asText(at(status, "message"));
  // A message that lists exactly the causes is not written twice.
  const isListed = said !== "" && [said, listed].some((list) => head.endsWith(list));
  const short = isListed ? head.slice(0, head.length - (head.endsWith(listed) ? listed : said).length) : head;
  const lines = all.map((cause) => `- ${[cause.reason, cause.text].filter(Boolean).join(": ")}`).sort();
  const about = Object.keys(rest).length > 0 ? [dump(rest, { flowLevel: 0, lineWidth: -1, sortKeys: true })] : [];
  return [[asText(at(status, "reason")), short.trimEnd()].filter(Boolean).join(": "), ...lines, ...about].join("\n");
}

function causeOf(cause: Json): { readonly reason: string; readonly text: string } {
  const [reason = "", field = "", message = ""] = ["reason", "field", "message"].map((key) => asText(at(cause, key)));
  return { reason, text: field ? `${field}: ${message}` : message };
}

/** As YAML, with sorted keys. */
export const yaml = (value: Json): string => dump(value, { flowLevel: 3, lineWidth: -1, sortKeys: true, noRefs: true });

const asText = (value: Json): string => (typeof value === "string" ? value : "");

export const isMap = (value: Json | undefined): value is { readonly [key: string]: Json } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The value at a path of keys, `null` where there is none. */
export function at(value: Json | undefined, ...path: readonly (string | number)[]): Json {
  return path.reduce<Json>((found, key) => {
    if (Array.isArray(found) && typeof key === "number") return found[key] ?? null;
    return isMap(found) ? (found[key] ?? null) : null;
  }, value ?? null);
}

/** The text there; throws when there is none. */
export function textAt(value: Json | undefined, ...path: readonly (string | number)[]): string {
  const found = at(value, ...path);
  if (typeof found !== "string") throw new Error(`no text at ${path.join(".")} of ${JSON.stringify(value)}`);
  return found;
}

const generated = new Set(["uid", "resourceVersion", "creationTimestamp", "managedFields"]);

/** Without what no two objects have in common. */
function quiet(value: Json): Json {
  if (Array.isArray(value)) return value.map(quiet);
  if (!isMap(value)) return value;
  const entries = Object.entries(value).flatMap(([key, inner]): readonly (readonly [string, Json])[] =>
    key === "metadata" && isMap(inner) ? [[key, quietMetadata(inner)]] : [[key, quiet(inner)]],
  );
  return Object.fromEntries(entries);
}

function quietMetadata(metadata: { readonly [key: string]: Json }): Json {
  const entries = Object.entries(metadata).filter(([key]) => !generated.has(key));
  return Object.fromEntries(
    entries.flatMap(([key, value]) => {
      if (key !== "annotations" || !isMap(value)) return [[key, value]];
      const { "kcp.io/cluster": _cluster, ...annotations } = value;
      return Object.keys(annotations).length > 0 ? [[key, annotations]] : [];
    }),
  );
}

/** A mail as its reader sees it. */
export interface Mail {
  readonly to: readonly string[];
  readonly from: string;
  readonly subject: string;
  /** The plain part, or the HTML one where that is all there is. */
  readonly text: string;
  /** Addresses in the text, in order, each once. */
  readonly links: readonly string[];
}

/** Reads as much of MIME as identity providers write: nested multiparts, base64 and quoted-printable, encoded subjects. */
export function parseMail(raw: Buffer, to: readonly string[]): Mail {
  // Latin-1 keeps each byte, so that a part can be decoded by its own rules later.
  const { headers } = split(raw.toString("latin1"));
  const parts = leaves(raw.toString("latin1"));
  const chosen = parts.find(({ type }) => type === "text/plain") ?? parts[0];
  const text = chosen?.body ?? "";
  return {
    to,
    from: decodeWords(headers.get("from") ?? ""),
    subject: decodeWords(headers.get("subject") ?? ""),
    text,
    links: [...new Set(text.match(/https?:\/\/[^\s"'<>]+/g))],
  };
}

interface Part {
  readonly type: string;
  readonly body: string;
}

function leaves(source: string): readonly Part[] {
  const { headers, body } = split(source);
  const contentType = headers.get("content-type") ?? "text/plain";
  const boundary = /boundary="?([^";]+)/i.exec(contentType)?.[1];
  if (boundary) return body.split(`--${boundary}`).slice(1, -1).map(withoutBreak).flatMap(leaves);
  const type = (contentType.split(";")[0] ?? "").trim().toLowerCase();
  return [{ type, body: decodeBody(body, headers.get("content-transfer-encoding") ?? "") }];
}

const withoutBreak = (part: string) => part.replace(/^\r?\n/, "");

function split(source: string): { readonly headers: ReadonlyMap<string, string>; readonly body: string } {
  const [head = "", ...rest] = source.split(/\r?\n\r?\n/);
  const unfolded = head.replace(/\r?\n[ \t]+/g, " ").split(/\r?\n/);
  const headers = unfolded.map((line): [string, string] => {
    const [name = "", ...value] = line.split(":");
    return [name.trim().toLowerCase(), value.join(":").trim()];
  });
  return { headers: new Map(headers), body: rest.join("\n\n") };
}

function decodeBody(body: string, encoding: string): string {
  if (/base64/i.test(encoding)) return Buffer.from(body, "base64").toString("utf8");
  const bytes = /quoted-printable/i.test(encoding) ? unquote(body) : body;
  return Buffer.from(bytes, "latin1").toString("utf8");
}

const unquote = (text: string) =>
  text
    .replace(/=\r?\n/g, "")
    .replace(/=([0-9A-F]{2})/gi, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

/** `=?utf-8?Q?…?=` and `=?utf-8?B?…?=`. */
function decodeWords(text: string): string {
  return text.replace(/=\?[^?]+\?([BQ])\?([^?]*)\?=/gi, (_all, kind: string, word: string) =>
    /b/i.test(kind)
      ? Buffer.from(word, "base64").toString("utf8")
      : Buffer.from(unquote(word.replaceAll("_", " ")), "latin1").toString("utf8"),
  );
}

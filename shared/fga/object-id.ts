import { digest } from "./names.ts";

/** OpenFGA takes 256 bytes, with type, `:` and for a role `role:` and its name: what a type of 50 characters leaves. */
const longestId = 190;

/** Id of an object: its parts, e.g. cluster and name, joined by `/`. What an id must not hold is percent-encoded, since
 *  Kubernetes allows `:` in names of RBAC; an id that is too long keeps its beginning and gets a digest. */
export function objectId(parts: readonly string[]): string {
  const id = parts.map(encoded).join("/");
  if (Buffer.byteLength(id) <= longestId) return id;
  // "%-" never comes out of encoding.
  const mark = `%-${digest(id)}`;
  const head = Buffer.from(id)
    .subarray(0, longestId - mark.length)
    .toString("utf8")
    .replace(/\uFFFD+$/, "");
  return `${head}${mark}`;
}

const encoded = (part: string): string =>
  part.replace(/[%:#/*\s\p{Cc}]/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join(""),
  );

/** Percent-encodes what the CloudEvents HTTP binding does not allow in a header value: space, quote, percent and all
 *  that is not printable ASCII. */
export function encodeHeaderValue(value: string): string {
  return value.replace(/[^\x21\x23\x24\x26-\x7e]/gu, (character) =>
    [...new TextEncoder().encode(character)]
      .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`)
      .join(""),
  );
}

/** Reverses encodeHeaderValue. Throws URIError where the bytes are no UTF-8. */
export function decodeHeaderValue(value: string): string {
  return value.replace(/(?:%[0-9a-f]{2})+/gi, (encoded) => decodeURIComponent(encoded));
}

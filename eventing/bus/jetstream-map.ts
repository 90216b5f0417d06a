import { DeliverPolicy, JetStreamApiError, type JetStreamClient } from "@nats-io/jetstream";
import { type KV, Kvm } from "@nats-io/kv";
import type { DurableMap, Key } from "./durable-map.ts";
import type { JetStreamLink } from "./jetstream-link.ts";
import { readMessages } from "./jetstream-read.ts";

/** So long the server remembers that an entry was deleted, for those who watch the bucket. */
const markerMs = 60_000;
/** Room for headers in a message, in bytes. */
const overhead = 4 * 1024;
const wrongRevision = 10071;

/** Makes a bucket, unless it is there. */
export function ensureBucket(js: JetStreamClient, bucket: string, replicas: number): Promise<KV> {
  return new Kvm(js).create(bucket, { history: 1, markerTTL: markerMs, replicas });
}

/** A map in a key-value bucket that is there; each part of a key is a token. */
export async function jetStreamMap(link: JetStreamLink, bucket: string): Promise<DurableMap> {
  const kv = await new Kvm(link.js).open(bucket);
  return {
    get maxBytes() {
      return (link.nc.info?.max_payload ?? 0) - overhead;
    },
    async entries(prefix) {
      const range = {
        stream: `KV_${bucket}`,
        subject: `$KV.${bucket}.${nameOf(prefix)}.*`,
        consumer: { deliver_policy: DeliverPolicy.LastPerSubject },
      };
      const entries = new Map<string, { text: string; revision: number }>();
      for await (const { subject, data, seq } of readMessages(link, range)) {
        // A deleted entry is an empty message for a while.
        if (data.length > 0) entries.set(decodeToken(lastToken(subject)), { text: utf8.decode(data), revision: seq });
      }
      return entries;
    },
    async set(key, text) {
      await link.request(() => kv.put(nameOf(key), text));
    },
    async delete(key, revision) {
      const options = { ttl: `${markerMs}ms`, ...(revision !== undefined && { previousSeq: revision }) };
      await link
        .request(() => kv.purge(nameOf(key), options))
        .catch((error: unknown) => {
          if (!(error instanceof JetStreamApiError && error.code === wrongRevision)) throw error;
        });
    },
    async follow(prefix, told, signal) {
      const watching = await kv.watch({ key: `${nameOf(prefix)}.*`, ignoreDeletes: false });
      signal.addEventListener("abort", () => watching.stop(), { once: true });
      void (async () => {
        for await (const { key, value, revision } of watching) {
          told(decodeToken(lastToken(key)), value.length > 0 ? { text: utf8.decode(value), revision } : undefined);
        }
      })();
    },
  };
}

const utf8 = new TextDecoder();
const nameOf = (key: Key): string => key.map(encodeToken).join(".");
const lastToken = (subject: string): string => subject.slice(subject.lastIndexOf(".") + 1);

/** Bytes that a key of a bucket cannot hold, or that would end a token, become `=` and two hex digits. */
export function encodeToken(text: string): string {
  const encoded = [...new TextEncoder().encode(text)].map((byte) => {
    const character = String.fromCharCode(byte);
    return /[A-Za-z0-9_/-]/.test(character) ? character : `=${byte.toString(16).padStart(2, "0")}`;
  });
  return encoded.join("") || "=";
}

/** Reverses encodeToken. */
export function decodeToken(token: string): string {
  return token === "=" ? "" : decodeURIComponent(token.replaceAll("=", "%"));
}

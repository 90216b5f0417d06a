import { DeliverPolicy, type JetStreamClient } from "@nats-io/jetstream";
import { type KV, Kvm } from "@nats-io/kv";
import { z } from "zod";
import type { Checkpoint, CheckpointEntry } from "./bus.ts";
import type { JetStreamLink } from "./jetstream-link.ts";
import { readMessages } from "./jetstream-read.ts";

const entrySchema = z.object({ uid: z.string(), resourceVersion: z.string(), accountkey: z.string().optional() });

/** So long the server remembers that an entry was deleted, for those who watch the bucket; nobody has to. */
const markerMs = 60_000;

/** Makes the bucket of a checkpoint, unless it is there. */
export function ensureBucket(js: JetStreamClient, bucket: string, replicas: number): Promise<KV> {
  return new Kvm(js).create(bucket, { history: 1, markerTTL: markerMs, replicas });
}

/** The checkpoint in a key-value bucket; key `<shard>.<kind>.<key>`. */
export async function jetStreamCheckpoint(link: JetStreamLink, bucket: string): Promise<Checkpoint> {
  const kv = await new Kvm(link.js).open(bucket);
  const keyOf = (...parts: readonly string[]) => parts.map(encodeToken).join(".");
  return {
    async load(shard, kind) {
      const entries = new Map<string, CheckpointEntry>();
      const range = {
        stream: `KV_${bucket}`,
        subject: `$KV.${bucket}.${keyOf(shard, kind)}.*`,
        consumer: { deliver_policy: DeliverPolicy.LastPerSubject },
      };
      for await (const { subject, data } of readMessages(link, range)) {
        // A deleted entry is an empty message for a while.
        if (data.length > 0) entries.set(decodeToken(lastToken(subject)), parse(data));
      }
      return entries;
    },
    async set(shard, kind, key, entry) {
      await link.request(() => kv.put(keyOf(shard, kind, key), JSON.stringify(entry)));
    },
    async delete(shard, kind, key) {
      await link.request(() => kv.purge(keyOf(shard, kind, key), { ttl: `${markerMs}ms` }));
    },
  };
}

function parse(data: Uint8Array): CheckpointEntry {
  const { accountkey, ...entry } = entrySchema.parse(JSON.parse(new TextDecoder().decode(data)));
  return accountkey === undefined ? entry : { ...entry, accountkey };
}

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

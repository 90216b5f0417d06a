import { z } from "zod";
import type { Checkpoint, CheckpointEntry } from "./bus.ts";
import type { DurableMap } from "./durable-map.ts";

const entrySchema = z.object({ uid: z.string(), resourceVersion: z.string(), accountkey: z.string().optional() });

/** The checkpoint in a map; key `<shard>`, `<kind>`, `<cluster>/<name>`. */
export const checkpointIn = (map: DurableMap): Checkpoint => ({
  async load(shard, kind) {
    const entries = await map.entries([shard, kind]);
    return new Map([...entries].map(([key, { text }]) => [key, parse(text)]));
  },
  set: (shard, kind, key, entry) => map.set([shard, kind, key], JSON.stringify(entry)),
  delete: (shard, kind, key) => map.delete([shard, kind, key]),
});

function parse(text: string): CheckpointEntry {
  const { accountkey, ...entry } = entrySchema.parse(JSON.parse(text));
  return accountkey === undefined ? entry : { ...entry, accountkey };
}

import type { Checkpoint, CheckpointEntry } from "./bus.ts";

/** Forgets with the process, as the history of the memory bus does. */
export function memoryCheckpoint(): Checkpoint {
  const kinds = new Map<string, Map<string, CheckpointEntry>>();
  const entriesOf = (shard: string, kind: string): Map<string, CheckpointEntry> => {
    const id = JSON.stringify([shard, kind]);
    const entries = kinds.get(id) ?? new Map<string, CheckpointEntry>();
    kinds.set(id, entries);
    return entries;
  };
  return {
    load: async (shard, kind) => new Map(entriesOf(shard, kind)),
    set: async (shard, kind, key, entry) => {
      entriesOf(shard, kind).set(key, entry);
    },
    delete: async (shard, kind, key) => {
      entriesOf(shard, kind).delete(key);
    },
  };
}

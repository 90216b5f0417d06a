/** Parts of a key; those of one family begin alike. */
export type Key = readonly string[];

export interface Entry {
  readonly text: string;
  /** Grows with every change. */
  readonly revision: number;
}

/** `undefined` once it is deleted. */
export type Told = (name: string, entry: Entry | undefined) => void;

/** A small map of texts that survives the process, of the source's alone. */
export interface DurableMap {
  /** Those whose key has these parts and one more, by that last part. */
  entries(prefix: Key): Promise<Map<string, Entry>>;
  /** Resolves once stored. Rejects when it could not be. */
  set(key: Key, text: string): Promise<void>;
  /** With a revision only while the entry still has that one. */
  delete(key: Key, revision?: number): Promise<void>;
  /** Tells of every entry as it is now, then of each that is set or deleted, whoever does it, until the signal is aborted. */
  follow(prefix: Key, told: Told, signal: AbortSignal): Promise<void>;
  /** The longest text, in bytes. */
  readonly maxBytes: number;
}

import { createReadStream } from "node:fs";
import { type FileHandle, open, rename } from "node:fs/promises";
import { lines } from "../source/lines.ts";
import type { StoredInvocation } from "./archive.ts";
import { maxLineBytes, storedInvocationFromJson } from "./stored-json.ts";

/** So long recordings are gathered before they are written. */
const gatherMs = 100;
/** What waits while the disk is slow; more is given up. */
const maxWaitingBytes = 16 * 1024 * 1024;

const lineEnd = Buffer.from("}\n");
const newline = Buffer.from("\n");
/** Of every recording, whole or cut off. */
const firstBytes = '{"sequence":';

/** Told of recordings that are given up. */
export type Lost = (count: number, reason: unknown) => void;

/** Recordings in a file, a line each; the file before it is kept as `<path>.1`. Survives a crash: a line that was cut
 *  off is passed over. */
export class RecordFile {
  readonly #path: string;
  readonly #lost: Lost;
  #maxBytes: number;
  #file: FileHandle;
  #size: number;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  private constructor(path: string, opened: { file: FileHandle; size: number; maxBytes: number; lost: Lost }) {
    this.#path = path;
    ({ file: this.#file, size: this.#size, maxBytes: this.#maxBytes, lost: this.#lost } = opened);
  }

  /** Rejects when the file cannot be written, or holds something else. */
  static async open(path: string, maxBytes: number, lost: Lost): Promise<RecordFile> {
    try {
      await mustBeOurs(path);
      const file = await open(path, "a", 0o600);
      const { size } = await file.stat();
      return new RecordFile(path, { file, size, maxBytes, lost });
    } catch (cause) {
      throw new Error(`opening the record file ${path}: ${cause instanceof Error ? cause.message : cause}`, { cause });
    }
  }

  /** All that earlier processes have left, oldest first. */
  async *load(): AsyncGenerator<StoredInvocation> {
    for (const path of [`${this.#path}.1`, this.#path]) {
      for await (const line of linesOf(path)) {
        const stored = read(line);
        if (stored) yield stored;
      }
    }
  }

  bound(maxBytes: number): void {
    this.#maxBytes = maxBytes;
  }

  append(sequence: number, body: Uint8Array): void {
    const line = Buffer.concat([Buffer.from(`${firstBytes}${sequence},"invocation":`), body, lineEnd]);
    if (this.#waitingBytes + line.byteLength > maxWaitingBytes) {
      this.#lost(1, `${this.#path} is written too slowly`);
      return;
    }
    this.#waiting.push(line);
    this.#waitingBytes += line.byteLength;
    this.#timer ??= setTimeout(() => this.flush(), gatherMs);
  }

  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing.then(() => this.#write());
    await this.#writing;
  }

  async close(): Promise<void> {
    await this.flush();
    await this.#file.close();
  }

  async #write(): Promise<void> {
    const batch = this.#waiting;
    if (batch.length === 0) return;
    this.#waiting = [];
    this.#waitingBytes = 0;
    try {
      if (this.#size > this.#maxBytes / 2) await this.#rotate();
      // What was cut off before must not be continued by the first of these.
      const content = Buffer.concat([newline, ...batch]);
      await this.#file.appendFile(content);
      this.#size += content.byteLength;
    } catch (error) {
      this.#lost(batch.length, error);
    }
  }

  async #rotate(): Promise<void> {
    const next = await open(`${this.#path}.new`, "w", 0o600);
    await rename(this.#path, `${this.#path}.1`);
    await rename(`${this.#path}.new`, this.#path);
    await this.#file.close();
    this.#file = next;
    this.#size = 0;
  }
}

/** None of a file that is not there. */
async function* linesOf(path: string): AsyncGenerator<string> {
  try {
    yield* lines(createReadStream(path), maxLineBytes);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
  }
}

function read(line: string): StoredInvocation | undefined {
  try {
    return storedInvocationFromJson(line);
  } catch {
    return undefined;
  }
}

async function mustBeOurs(path: string): Promise<void> {
  for await (const line of linesOf(path)) {
    if (line.startsWith(firstBytes)) return;
    throw new Error("it holds something else; choose another with --record-file");
  }
}

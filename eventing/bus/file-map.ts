import { type FileHandle, mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { messageOf } from "../../shared/kcp/errors.ts";
import type { DurableMap, Entry, Key, Told } from "./durable-map.ts";

const lineSchema = z.tuple([z.array(z.string()).min(1), z.string().nullable()]);
type Line = readonly [key: Key, text: string | null];

/** The file is written anew when so many of its lines, and four for each entry, are out of date. */
const maxStale = 1_000;
const maxBytes = 4 * 1024 * 1024;

/** A map in a file of one line for each change, which only one process may have open. Survives a kill at any moment: a
 *  change is told as done after it is on the disk, and a line that was cut off is passed over. */
export class FileMap implements DurableMap {
  readonly maxBytes = maxBytes;
  readonly #path: string;
  readonly #entries = new Map<string, Map<string, Entry>>();
  readonly #followers = new Set<(prefix: string, ...told: Parameters<Told>) => void>();
  #file: FileHandle | undefined;
  #lines = 0;
  #size = 0;
  #revision = 0;
  #waiting: { readonly line: Line; readonly stored: PromiseWithResolvers<void> }[] = [];
  #writing: Promise<void> | undefined;

  private constructor(path: string) {
    this.#path = path;
  }

  /** Rejects, in words for people, when the folder cannot be written. */
  static async open(folder: string, name: string): Promise<FileMap> {
    const map = new FileMap(join(folder, `${name}.jsonl`));
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      for (const line of await linesOf(map.#path)) map.#remember(line);
      await map.#rewrite();
    } catch (cause) {
      throw new Error(`opening the state in ${folder}: ${messageOf(cause)}; choose another folder with --state-dir`, {
        cause,
      });
    }
    return map;
  }

  async entries(prefix: Key): Promise<Map<string, Entry>> {
    return new Map(this.#entries.get(JSON.stringify(prefix)));
  }

  set(key: Key, text: string): Promise<void> {
    return this.#change([key, text]);
  }

  async delete(key: Key, revision?: number): Promise<void> {
    if (revision !== undefined && this.#familyOf(key).get(nameOf(key))?.revision !== revision) return;
    await this.#change([key, null]);
  }

  async follow(prefix: Key, told: Told, signal: AbortSignal): Promise<void> {
    const wanted = JSON.stringify(prefix);
    const follower = (family: string, ...change: Parameters<Told>) => {
      if (family === wanted) told(...change);
    };
    this.#followers.add(follower);
    signal.addEventListener("abort", () => this.#followers.delete(follower), { once: true });
    for (const [name, entry] of this.#entries.get(wanted) ?? []) told(name, entry);
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#file?.close();
    this.#file = undefined;
  }

  #change(line: Line): Promise<void> {
    const stored = Promise.withResolvers<void>();
    this.#waiting.push({ line, stored });
    this.#writing ??= this.#write();
    return stored.promise;
  }

  /** What came while the last batch was written goes out together. */
  async #write(): Promise<void> {
    // A moment for those that come together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0);
      try {
        if (!this.#file) throw new Error("the state is closed");
        if (this.#lines > maxStale + 4 * this.#size) await this.#rewrite();
        await append(
          this.#file,
          batch.map(({ line }) => line),
        );
        this.#lines += batch.length;
      } catch (error) {
        for (const { stored } of batch) stored.reject(error);
        continue;
      }
      for (const { line, stored } of batch) {
        this.#remember(line);
        stored.resolve();
      }
    }
    // Not later than the last look at what waits: else nobody would write what comes in between.
    this.#writing = undefined;
  }

  #remember([key, text]: Line): void {
    const family = this.#familyOf(key);
    const name = nameOf(key);
    this.#size -= Number(family.has(name));
    const entry = text === null ? undefined : { text, revision: ++this.#revision };
    if (entry) family.set(name, entry);
    else family.delete(name);
    this.#size += Number(entry !== undefined);
    for (const follower of this.#followers) follower(JSON.stringify(key.slice(0, -1)), name, entry);
  }

  #familyOf(key: Key): Map<string, Entry> {
    const id = JSON.stringify(key.slice(0, -1));
    const family = this.#entries.get(id) ?? new Map<string, Entry>();
    this.#entries.set(id, family);
    return family;
  }

  /** The old file stays in place until the new one is whole. */
  async #rewrite(): Promise<void> {
    const lines = [...this.#entries].flatMap(([family, entries]) =>
      [...entries].map(([name, { text }]): Line => [[...(JSON.parse(family) as string[]), name], text]),
    );
    const next = await open(`${this.#path}.new`, "w", 0o600);
    await append(next, lines);
    await rename(`${this.#path}.new`, this.#path);
    const folder = await open(dirname(this.#path), "r");
    await folder.sync().finally(() => folder.close());
    await this.#file?.close();
    this.#file = next;
    this.#lines = lines.length;
  }
}

const nameOf = (key: Key): string => key.at(-1) ?? "";

async function append(file: FileHandle, lines: readonly Line[]): Promise<void> {
  // What was cut off before must not be continued by the first of these.
  await file.appendFile(`\n${lines.map((line) => JSON.stringify(line)).join("\n")}\n`);
  await file.datasync();
}

async function linesOf(path: string): Promise<readonly Line[]> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw error;
  });
  return text.split("\n").flatMap((line) => parse(line) ?? []);
}

function parse(line: string): [Line] | undefined {
  try {
    return [lineSchema.parse(JSON.parse(line))];
  } catch {
    return undefined;
  }
}

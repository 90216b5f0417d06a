import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { createGunzip } from "node:zlib";
import { maxLineBytes } from "../../eventing/bus/stored-json.ts";
import { lines } from "../../eventing/source/lines.ts";
import { messageOf } from "../../shared/kcp/errors.ts";
import { CliError } from "../errors.ts";
import {
  type Counts,
  countOf,
  formatVersion,
  type Header,
  headerShape,
  type Item,
  kindOf,
  trailerShape,
} from "./format.ts";

/** What a whole and unchanged file says of itself. */
export interface Summary extends Header {
  readonly counts: Counts;
}

/** One line with an event, a recording or a dead letter in it. */
export interface Line {
  readonly kind: Item["kind"];
  readonly text: string;
}

/** Reads all of the file, in constant memory, and answers what it is; throws CliError when it is no file of pm export,
 *  cut off, or changed. */
export async function verify(file: string): Promise<Summary> {
  const reading = new Reading(file);
  for await (const _ of reading.lines());
  return reading.summary();
}

/** The lines of a file that was verified before. */
export const linesOf = (file: string): AsyncIterable<Line> => new Reading(file).lines();

class Reading {
  readonly #file: string;
  readonly #hash = createHash("sha256");
  readonly #counts = { events: 0, invocations: 0, deadLetters: 0 };
  #header: Header | undefined;
  #ended: Counts | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  async *lines(): AsyncGenerator<Line> {
    try {
      for await (const text of lines(await contentOf(this.#file), maxLineBytes)) {
        const kind = this.#take(text);
        if (kind) yield { kind, text };
      }
    } catch (error) {
      throw this.#explained(error);
    }
  }

  summary(): Summary {
    if (!this.#header) throw this.#refusal("is not a file of pm export", "it has no first line");
    if (!this.#ended) throw this.#cutOff();
    return { ...this.#header, counts: this.#ended };
  }

  /** Answers what the line holds, nothing for the first and the last one. */
  #take(text: string): Item["kind"] | undefined {
    if (!this.#header) this.#header = this.#headerOf(text);
    else if (this.#ended) throw this.#changed("lines follow the last one");
    else {
      const kind = kindOf(text);
      if (!kind) {
        this.#end(text);
        return undefined;
      }
      this.#counts[countOf[kind]]++;
      this.#hash.update(`${text}\n`);
      return kind;
    }
    this.#hash.update(`${text}\n`);
    return undefined;
  }

  #headerOf(text: string): Header {
    const { data: header } = headerShape.safeParse(parsed(text));
    if (!header)
      throw this.#refusal("is not a file of pm export", "its first line is not the one that pm export writes");
    if (header.version === formatVersion) return header;
    throw new CliError(`${this.#file} has format ${header.version}, this pm reads format ${formatVersion}`, {
      why: `it was written by version ${header.product}`,
      next: "use the version of pm that wrote it",
    });
  }

  #end(text: string): void {
    const { data: trailer } = trailerShape.safeParse(parsed(text));
    if (!trailer) throw this.#changed(`line ${this.#lineCount() + 1} is no event, recording or dead letter`);
    if (trailer.sha256 !== this.#hash.digest("hex")) throw this.#changed("its checksum is another one");
    if (JSON.stringify(trailer.end) !== JSON.stringify(this.#counts)) throw this.#changed("its counts are other ones");
    this.#ended = trailer.end;
  }

  #lineCount(): number {
    const { events, invocations, deadLetters } = this.#counts;
    return 1 + events + invocations + deadLetters;
  }

  #changed = (why: string) => this.#refusal("was changed after pm export wrote it", why);
  #cutOff = () => this.#refusal("is cut off", `it ends after line ${this.#lineCount()}`);

  #refusal(what: string, why: string): CliError {
    return new CliError(`${this.#file} ${what}`, { why, next: "copy it again, or export it again" });
  }

  #explained(error: unknown): Error {
    if (error instanceof CliError) return error;
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (code === "Z_BUF_ERROR") return this.#cutOff();
    if (code.startsWith("Z_")) return this.#changed(messageOf(error));
    const why = { ENOENT: "there is no such file", EISDIR: "it is a folder" }[code] ?? messageOf(error);
    return new CliError(`${this.#file} cannot be read`, { why, cause: error });
  }
}

/** As it was before compression, whatever the file's name says. */
async function contentOf(file: string): Promise<AsyncIterable<Buffer>> {
  const handle = await open(file);
  const { buffer: magic } = await handle.read(Buffer.alloc(2), 0, 2, 0).catch(async (error: unknown) => {
    await handle.close();
    throw error;
  });
  await handle.close();
  const raw = createReadStream(file);
  if (magic.readUInt16BE() !== 0x1f8b) return raw;
  const content = createGunzip();
  raw.once("error", (error) => content.destroy(error));
  return raw.pipe(content);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

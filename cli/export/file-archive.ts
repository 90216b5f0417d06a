import type { Archive, InvocationsOptions } from "../../eventing/bus/archive.ts";
import type { HistoryOptions, StoredEvent } from "../../eventing/bus/bus.ts";
import type { DeadLetter } from "../../eventing/bus/dead-letter.ts";
import {
  storedDeadLetterFromJson,
  storedEventFromJson,
  storedInvocationFromJson,
} from "../../eventing/bus/stored-json.ts";
import { CliError } from "../errors.ts";
import type { Item } from "./format.ts";
import { linesOf, type Summary, verify } from "./read.ts";

export interface FileArchive extends Archive {
  readonly summary: Summary;
}

/** An archive that is a file of pm export: it ends, and nothing in it can be changed. Throws CliError unless the file is
 *  whole and unchanged. */
export async function openFileArchive(file: string): Promise<FileArchive> {
  const summary = await verify(file);
  async function* read<T>(kind: Item["kind"], fromJson: (line: string) => T): AsyncGenerator<T> {
    for await (const line of linesOf(file)) if (line.kind === kind) yield fromJson(line.text);
  }
  const refuse = async () => {
    throw new CliError("nothing can be changed in an exported file", { where: file, next: "name the bus instead" });
  };
  return {
    summary,
    async *history(options = {}) {
      for await (const stored of read("event", storedEventFromJson)) {
        if (options.signal?.aborted) return;
        if (isWithin(stored.sequence, stored.event.time, options)) yield stored;
      }
    },
    async *invocations(options: InvocationsOptions = {}) {
      const { accountkey, function: name, signal } = options;
      for await (const stored of read("invocation", storedInvocationFromJson)) {
        if (signal?.aborted) return;
        const { event, function: by, startedAt } = stored.invocation;
        const isWanted =
          (accountkey === undefined || accountkey === event.accountkey) && (name === undefined || name === by);
        if (isWanted && isWithin(stored.sequence, startedAt, options)) yield stored;
      }
    },
    async *deadLetters(functionName) {
      for await (const stored of read("deadLetter", storedDeadLetterFromJson)) {
        if (functionName === undefined || functionName === functionOf(stored)) yield stored;
      }
    },
    redeliver: refuse,
    dropDeadLetter: refuse,
    async close() {},
  };
}

const functionOf = ({ event }: StoredEvent) => (event as DeadLetter).knativeerrordest;

const isWithin = (sequence: number, time: string | undefined, { fromSequence = 0, since }: HistoryOptions): boolean =>
  sequence >= fromSequence && (!since || time === undefined || Date.parse(time) >= since.getTime());

import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { lines } from "../source/lines.ts";
import type { Archive, InvocationsOptions } from "./archive.ts";
import { eventToJson, maxLineBytes, storedEventFromJson, storedInvocationFromJson } from "./stored-json.ts";

export interface SocketArchiveOptions {
  readonly path: string;
  /** Until the other process begins to answer. */
  readonly timeoutMs: number;
}

/** The archive that another process serves on a unix socket (serveArchive). Rejects when none does. */
export async function openSocketArchive(options: SocketArchiveOptions): Promise<Archive> {
  const call = (method: string, where: string, more?: Sent) => send(options, `${method} ${where}`, more);
  async function* read<T>(where: string, asked: InvocationsOptions, fromJson: (line: string) => T): AsyncGenerator<T> {
    const { signal } = asked;
    try {
      const response = await call("GET", `${where}?${query(asked)}`, { signal });
      for await (const line of lines(response, maxLineBytes)) yield fromJson(line);
    } catch (error) {
      if (!signal?.aborted) throw error;
    }
  }
  await json(await call("GET", ""), z.object({ serves: z.literal("the bus of pm run") }));
  return {
    history: (bounds = {}) => read("history", bounds, storedEventFromJson),
    invocations: (which = {}) => read("invocations", which, storedInvocationFromJson),
    deadLetters: (name) => read("dead-letters", name === undefined ? {} : { function: name }, storedEventFromJson),
    async redeliver(event, functionName) {
      await json(
        await call("POST", `redeliver?${query({ function: functionName })}`, { body: eventToJson(event) }),
        z.object({}),
      );
    },
    async dropDeadLetter(sequence) {
      const { dropped } = await json(
        await call("DELETE", `dead-letters/${sequence}`),
        z.object({ dropped: z.boolean() }),
      );
      return dropped;
    },
    async close() {},
  };
}

interface Sent {
  readonly body?: string;
  readonly signal?: AbortSignal | undefined;
}

async function send(
  { path, timeoutMs }: SocketArchiveOptions,
  what: string,
  sent: Sent = {},
): Promise<IncomingMessage> {
  const [method = "", where = ""] = what.split(" ");
  const { signal } = sent;
  const asked = request({ socketPath: path, method, path: `/${where}`, agent: false, ...(signal && { signal }) });
  const limit = setTimeout(() => asked.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  try {
    asked.end(sent.body);
    const [response]: IncomingMessage[] = await once(asked, "response");
    if (!response) throw new Error("no answer");
    if (response.statusCode === 200) return response;
    const { error } = await json(response, z.object({ error: z.string() }));
    throw new Error(error);
  } finally {
    clearTimeout(limit);
  }
}

async function json<T>(response: IncomingMessage, shape: z.ZodType<T>): Promise<T> {
  return shape.parse(JSON.parse(await text(response)));
}

function query({ follow, fromSequence, since, accountkey, function: name }: InvocationsOptions): string {
  return new URLSearchParams({
    ...(follow && { follow: "true" }),
    ...(fromSequence !== undefined && { fromSequence: String(fromSequence) }),
    ...(since && { since: since.toISOString() }),
    ...(accountkey !== undefined && { accountkey }),
    ...(name !== undefined && { function: name }),
  }).toString();
}

import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { z } from "zod";
import { decodeEvent } from "../../shared/event-codec.ts";
import { messageOf } from "../../shared/kcp/errors.ts";
import type { Archive, InvocationsOptions } from "./archive.ts";
import { storedEventToJson, storedInvocationToJson } from "./stored-json.ts";
import { listenOn } from "./unix-socket.ts";

/** Serves an archive to other processes of this user, as HTTP over a unix socket, until closed. Rejects when another
 *  process serves this path, or nothing can be made there. */
export async function serveArchive(archive: Archive, path: string): Promise<{ close(): Promise<void> }> {
  const server = createServer((request, response) => {
    answer(archive, request, response).catch((error: unknown) => refuse(response, error));
  });
  return listenOn(server, path);
}

const ranges = z.object({
  follow: z.literal("true").optional(),
  fromSequence: z.coerce.number().int().min(0).optional(),
  since: z.coerce.date().optional(),
  accountkey: z.string().optional(),
  function: z.string().optional(),
});

class Refusal extends Error {
  override name = "Refusal";
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

async function answer(archive: Archive, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? "", "http://bus");
  const [what = "", sequence] = pathname.slice(1).split("/");
  const asked = ranges.safeParse(Object.fromEntries(searchParams));
  if (!asked.success) throw new Refusal(400, asked.error.issues.map(({ message }) => message).join("; "));
  switch (`${request.method} ${what}`) {
    case "GET ":
      return json(response, { serves: "the bus of pm run", pid: process.pid });
    case "GET history":
      return stream(response, (signal) => archive.history(range(asked.data, signal)), storedEventToJson);
    case "GET invocations":
      return stream(response, (signal) => archive.invocations(range(asked.data, signal)), storedInvocationToJson);
    case "GET dead-letters":
      return stream(response, () => archive.deadLetters(asked.data.function), storedEventToJson);
    case "DELETE dead-letters":
      return json(response, { dropped: await archive.dropDeadLetter(Number(sequence)) });
    case "POST redeliver":
      await archive.redeliver(decodeEvent({ body: await buffer(request), headers: [] }), asked.data.function ?? "");
      return json(response, {});
    default:
      throw new Refusal(404, `there is no ${request.method} ${pathname}`);
  }
}

function range(asked: z.output<typeof ranges>, signal: AbortSignal): InvocationsOptions {
  const { follow, fromSequence, since, accountkey, function: name } = asked;
  return {
    signal,
    follow: follow !== undefined,
    ...(fromSequence !== undefined && { fromSequence }),
    ...(since && { since }),
    ...(accountkey !== undefined && { accountkey }),
    ...(name !== undefined && { function: name }),
  };
}

/** One JSON object a line, as fast as they are taken and no faster. */
async function stream<T>(
  response: ServerResponse,
  open: (signal: AbortSignal) => AsyncIterable<T>,
  toJson: (item: T) => string,
): Promise<void> {
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  response.writeHead(200, { "content-type": "application/jsonl" }).flushHeaders();
  for await (const item of open(gone.signal)) {
    if (!response.write(`${toJson(item)}\n`)) await once(response, "drain", { signal: gone.signal });
  }
  response.end();
}

function json(response: ServerResponse, body: object): void {
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
}

function refuse(response: ServerResponse, error: unknown): void {
  // A reader must not take what was cut off for the whole.
  if (response.headersSent) response.destroy();
  else
    response
      .writeHead(error instanceof Refusal ? error.status : 500, { "content-type": "application/json" })
      .end(JSON.stringify({ error: messageOf(error) }));
}

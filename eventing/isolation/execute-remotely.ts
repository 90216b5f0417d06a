import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { buffer } from "node:stream/consumers";
import type { CloudEvent } from "../../shared/event.ts";
import { decodeHeaderValue } from "../../shared/header-value.ts";
import { batchJson, httpContent, readHttpEvents } from "../../shared/http-event.ts";
import { UnreachableError } from "../../shared/kcp/errors.ts";
import type { Execute, Execution, Result } from "../execute.ts";
import { attemptHeader, outcomeHeader, reasonHeader, requeueHeader } from "../serve/answer.ts";
import { maxBytes } from "../serve/server.ts";
import { BrokenConnectionError } from "./child.ts";

/** The function could not judge the event, as its process says: it comes again, whatever the attempt. */
export class NotNowError extends UnreachableError {
  override name = "NotNowError";
}

/** The function failed, as its process says. */
export class RemoteError extends Error {
  override name = "RemoteError";
}

/** It was thrown elsewhere, and that process has logged where. */
function withoutStack<E extends Error>(error: E): E {
  error.stack = `${error.name}: ${error.message}`;
  return error;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Uint8Array;
}

/** Hands the event to a server of this function (spec/functions-and-events.md, section 5), which answers with all facts
 *  at once. Throws BrokenConnectionError when it ends in the middle of it. */
export async function executeAt(url: string, event: CloudEvent, ctx: Parameters<Execute>[2]): Promise<Execution> {
  const answer = await post(url, event, ctx);
  const { headers, status } = answer;
  const outcome = headers[outcomeHeader];
  const reason = decodeHeaderValue(String(headers[reasonHeader] ?? `answered ${status}`));
  if (status === 503 || outcome === "retry") throw withoutStack(new NotNowError(reason));
  if (status !== 200 && status !== 204) throw withoutStack(new RemoteError(reason));
  const result = resultOf(String(outcome), reason, headers[requeueHeader]);
  // The fact that it failed is for those who have no dead letters.
  if (result.kind === "failed") return { result, facts: [] };
  const named = Object.entries(headers).map(([name, value]) => [name, String(value)] as const);
  return { result, facts: readHttpEvents({ body: answer.body, headers: named }) };
}

function resultOf(outcome: string, reason: string, requeueMs: string | string[] | undefined): Result {
  switch (outcome) {
    case "done":
      return { kind: "done" };
    case "waiting":
    case "drop":
    case "failed":
      return { kind: outcome, reason };
    case "requeue":
      return { kind: "requeue", reason, ms: Number(requeueMs ?? Number.NaN) };
    default:
      throw new RemoteError(`the function's process answered with the outcome "${outcome}", which there is not`);
  }
}

async function post(url: string, event: CloudEvent, { signal, attempt }: Parameters<Execute>[2]): Promise<Answer> {
  const { headers, body } = contentOf(event);
  try {
    const asked = request(url, {
      method: "POST",
      // A connection that was kept may be closed at the moment at which it is used again.
      agent: false,
      signal,
      headers: {
        ...headers,
        accept: batchJson,
        "content-length": body.byteLength,
        [attemptHeader]: String(attempt),
      },
    });
    asked.end(body);
    const [response]: IncomingMessage[] = await once(asked, "response");
    if (!response) throw new Error("no answer");
    return { status: response.statusCode ?? 0, headers: response.headers, body: await buffer(response) };
  } catch (cause) {
    signal.throwIfAborted();
    throw new BrokenConnectionError("the connection to the function's process broke", { cause });
  }
}

/** An event above the limit goes without its data, and the handler reads the object (decisions.md 5). */
function contentOf(event: CloudEvent) {
  const content = httpContent(event, "structured");
  if (content.body.byteLength <= maxBytes) return content;
  const { data, datacontenttype, ...attributes } = event;
  return httpContent({ ...attributes, dataomitted: "true" }, "structured");
}

import type { CloudEvent } from "./event.ts";
import { decodeEvent, encodeEvent, MalformedEventError, type Message, structuredJson } from "./event-codec.ts";
import { encodeHeaderValue } from "./header-value.ts";
import { messageOf } from "./kcp/errors.ts";
import { parseUntrusted } from "./untrusted-json.ts";

/** The two ways of the CloudEvents HTTP binding in which one event travels. */
export type Mode = "structured" | "binary";
/** Content type of several events in one body. */
export const batchJson = "application/cloudevents-batch+json";

export interface HttpContent {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer>;
}
export interface Received {
  readonly event: CloudEvent;
  readonly mode: Mode;
}

/** An event in a form that is not taken, of which there may be others: HTTP says 415 for it. */
export class UnsupportedEventError extends Error {
  override name = "UnsupportedEventError";
}

/** An event as the content of an HTTP request or answer. */
export function httpContent(event: CloudEvent, mode: Mode): HttpContent {
  if (mode === "structured") return { headers: { "content-type": structuredJson }, body: bytes(encodeEvent(event)) };
  const { data, datacontenttype, ...attributes } = event;
  const names = Object.entries(attributes).map(([name, value]) => [`ce-${name}`, encodeHeaderValue(String(value))]);
  // A type of nothing makes some servers look for it.
  const type = datacontenttype ?? (data === undefined ? undefined : "application/json");
  return {
    headers: { ...Object.fromEntries(names), ...(type && { "content-type": type }) },
    body: dataBytes(data, type ?? ""),
  };
}

/** Several events as one content. */
export function batchContent(events: readonly CloudEvent[]): HttpContent {
  const texts = events.map((event) => new TextDecoder().decode(encodeEvent(event)));
  return { headers: { "content-type": batchJson }, body: bytes(new TextEncoder().encode(`[${texts.join(",")}]`)) };
}

/** The one event of a request. Throws UnsupportedEventError for a batch and for formats that are not JSON, and
 *  MalformedEventError for everything else that is no event. */
export function readHttpEvent(message: Message): Received {
  const mode = modeOf(message.headers);
  return { event: decodeEvent(message), mode };
}

/** The events of an answer: one in either mode, those of a batch, or none of an empty body. Throws as readHttpEvent. */
export function readHttpEvents(message: Message): readonly CloudEvent[] {
  const named = headersOf(message.headers);
  if (mediaTypeOf(named) === batchJson) return readBatch(message.body);
  if (message.body.byteLength === 0 && !named.has("ce-specversion")) return [];
  return [readHttpEvent(message).event];
}

function modeOf(headers: Message["headers"]): Mode {
  const named = headersOf(headers);
  const mediaType = mediaTypeOf(named);
  if (mediaType === structuredJson) return "structured";
  if (mediaType.startsWith("application/cloudevents-batch")) {
    throw new UnsupportedEventError("a batch of events is not taken: send each in a request of its own");
  }
  if (mediaType.startsWith("application/cloudevents")) {
    throw new UnsupportedEventError(`events as ${mediaType} are not taken: send ${structuredJson}, or ce- headers`);
  }
  if (named.has("ce-specversion")) return "binary";
  throw new MalformedEventError(
    `reading an event: there is neither the header ce-specversion nor the content type ${structuredJson}`,
  );
}

function readBatch(body: Uint8Array): readonly CloudEvent[] {
  let list: unknown;
  try {
    list = parseUntrusted(body);
  } catch (cause) {
    throw new MalformedEventError(`reading a batch of events: the body ${messageOf(cause)}`, { cause });
  }
  if (!Array.isArray(list)) throw new MalformedEventError("reading a batch of events: the body is no JSON array");
  const headers = [["content-type", structuredJson]] as const;
  return list.map((each) => decodeEvent({ headers, body: new TextEncoder().encode(JSON.stringify(each)) }));
}

const headersOf = (headers: Message["headers"]): ReadonlyMap<string, string> =>
  new Map([...headers].map(([name, value]) => [name.toLowerCase(), value]));

function mediaTypeOf(headers: ReadonlyMap<string, string>): string {
  const [mediaType = ""] = (headers.get("content-type") ?? "").toLowerCase().split(";");
  return mediaType.trim();
}

function dataBytes(data: unknown, contentType: string): HttpContent["body"] {
  if (data === undefined) return bytes(new Uint8Array());
  if (data instanceof Uint8Array) return bytes(data);
  const isText = typeof data === "string" && contentType.startsWith("text/");
  return bytes(new TextEncoder().encode(isText ? data : JSON.stringify(data)));
}

const bytes = (content: Uint8Array): HttpContent["body"] => Uint8Array.from(content);

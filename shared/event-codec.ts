import { z } from "zod";
import type { CloudEvent } from "./event.ts";
import { decodeHeaderValue } from "./header-value.ts";
import { messageOf } from "./kcp/errors.ts";
import { decodeText, maxDepth, parseUntrusted } from "./untrusted-json.ts";

/** Content type of the structured JSON form, the only one that we send. */
export const structuredJson = "application/cloudevents+json";
/** Beyond these a message is refused: 8 MiB, unread, and the levels of nesting. */
export const eventLimits = { bytes: 8 * 1024 * 1024, depth: maxDepth } as const;

/** A message that is no CloudEvent; the message says what is wrong and where. */
export class MalformedEventError extends Error {
  override name = "MalformedEventError";
}

/** What came over a wire: NATS message or HTTP request. */
export interface Message {
  readonly body: Uint8Array;
  readonly headers: Iterable<readonly [name: string, value: string]>;
}

const text = z.string().min(1);
const envelope = z
  .object({
    specversion: z.literal("1.0"),
    id: text,
    type: text,
    source: text,
    subject: text.optional(),
    time: z.iso.datetime({ offset: true }).optional(),
    datacontenttype: text.optional(),
    data: z.unknown().optional(),
    data_base64: z.base64().optional(),
  })
  // The JSON format allows numbers and booleans as extensions; inside, every attribute is a string.
  .catchall(z.union([z.string(), z.number(), z.boolean()]).transform(String));

/** Reads structured and binary mode. Throws MalformedEventError. */
export function decodeEvent({ body, headers }: Message): CloudEvent {
  if (body.byteLength > eventLimits.bytes) {
    throw new MalformedEventError(`reading an event: ${body.byteLength} bytes, at most ${eventLimits.bytes} are read`);
  }
  const named = new Map([...headers].map(([name, value]) => [name.toLowerCase(), value]));
  const contentType = named.get("content-type")?.toLowerCase();
  if (contentType?.startsWith("application/cloudevents-batch")) {
    throw new MalformedEventError("reading an event: a batch, not one event");
  }
  const binary = named.has("ce-specversion") && !contentType?.startsWith("application/cloudevents");
  return validate(binary ? fromHeaders(named, body) : fromBody(body));
}

/** The structured JSON form. */
export function encodeEvent(event: CloudEvent): Uint8Array {
  const { data, ...attributes } = event;
  const json =
    data instanceof Uint8Array ? { ...attributes, data_base64: Buffer.from(data).toString("base64") } : event;
  return new TextEncoder().encode(JSON.stringify(json));
}

function fromBody(body: Uint8Array): unknown {
  const json = parseJson(body, "the body");
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new MalformedEventError("reading an event: the body is no JSON object");
  }
  // In the JSON format an attribute that is null is one that is not there; data may be null.
  return Object.fromEntries(Object.entries(json).filter(([name, value]) => value !== null || name === "data"));
}

function fromHeaders(headers: ReadonlyMap<string, string>, body: Uint8Array): unknown {
  const attributes: Record<string, unknown> = {};
  for (const [name, value] of headers) {
    if (name.startsWith("ce-")) attributes[name.slice("ce-".length)] = headerValue(name, value);
  }
  const contentType = headers.get("content-type");
  if (contentType !== undefined) attributes.datacontenttype = contentType;
  if (body.byteLength > 0) attributes.data = content(body, contentType);
  return attributes;
}

function headerValue(name: string, value: string): string {
  try {
    return decodeHeaderValue(value);
  } catch (cause) {
    throw new MalformedEventError(`reading an event: header ${name} is not percent-encoded UTF-8`, { cause });
  }
}

function validate(json: unknown): CloudEvent {
  const parsed = envelope.safeParse(json);
  if (!parsed.success) {
    const faults = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
    throw new MalformedEventError(`reading an event: ${faults.join("; ")}`, { cause: parsed.error });
  }
  const { data_base64, ...event } = parsed.data;
  const misnamed = Object.keys(event).find((name) => !/^[a-z0-9]+$/.test(name));
  if (misnamed !== undefined) {
    throw new MalformedEventError(`reading an event: ${misnamed}: attribute names are lower-case letters and digits`);
  }
  if (data_base64 === undefined) return event as CloudEvent;
  return { ...event, data: content(Buffer.from(data_base64, "base64"), event.datacontenttype) } as CloudEvent;
}

/** JSON is parsed, text stays text, anything else stays bytes. */
function content(bytes: Uint8Array, contentType = "application/json"): unknown {
  const [mediaType = ""] = contentType.toLowerCase().split(";");
  if (/[/+]json$/.test(mediaType.trim())) return parseJson(bytes, "data");
  return mediaType.startsWith("text/") ? named("data", () => decodeText(bytes)) : Uint8Array.from(bytes);
}

function parseJson(bytes: Uint8Array, where: string): unknown {
  return named(where, () => parseUntrusted(bytes));
}

/** Says which part of the message it was. */
function named<T>(where: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new MalformedEventError(`reading an event: ${where} ${messageOf(cause)}`, { cause });
  }
}

import type { CloudEvent } from "../../shared/event.ts";
import { encodeEvent, structuredJson } from "../../shared/event-codec.ts";
import { encodeHeaderValue } from "../../shared/header-value.ts";

export type Mode = "structured" | "binary";
export interface HttpContent {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** An event as the content of an HTTP request, in one of the two modes of the CloudEvents HTTP binding. */
export function httpContent(event: CloudEvent, mode: Mode): HttpContent {
  if (mode === "structured") return { headers: { "content-type": structuredJson }, body: bytes(encodeEvent(event)) };
  const { data, datacontenttype = "application/json", ...attributes } = event;
  const names = Object.entries(attributes).map(([name, value]) => [`ce-${name}`, encodeHeaderValue(String(value))]);
  return {
    headers: { ...Object.fromEntries(names), "content-type": datacontenttype },
    body: dataBytes(data, datacontenttype),
  };
}

function dataBytes(data: unknown, contentType: string): HttpContent["body"] {
  if (data === undefined) return bytes(new Uint8Array());
  if (data instanceof Uint8Array) return bytes(data);
  const isText = typeof data === "string" && contentType.startsWith("text/");
  return bytes(new TextEncoder().encode(isText ? data : JSON.stringify(data)));
}

const bytes = (content: Uint8Array): HttpContent["body"] => Uint8Array.from(content);

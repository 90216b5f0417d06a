import { maxBytes } from "../../eventing/serve/server.ts";
import type { CloudEvent } from "../../shared/event.ts";
import { encodeEvent } from "../../shared/event-codec.ts";
import { batchContent, batchJson, httpContent } from "../../shared/http-event.ts";

/** What is posted to a function, and the status of the answer. */
export interface HttpCase {
  /** As the table of docs/runtimes.md has it. */
  readonly name: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer> | string;
  readonly status: number;
  /** Of a server that is not ours, where it differs. */
  readonly foreign?: number;
}

/** Of no account, so that nothing comes of it. */
const event: CloudEvent = {
  specversion: "1.0",
  id: "http-case",
  type: "dev.knative.apiserver.resource.add",
  source: "test",
  kind: "Account",
  deleting: "false",
};
const structured = { "content-type": "application/cloudevents+json" };

/** An event of exactly so many bytes. */
function ofSize(bytes: number): Uint8Array<ArrayBuffer> {
  const without = encodeEvent({ ...event, data: "" }).byteLength;
  return Uint8Array.from(encodeEvent({ ...event, data: "x".repeat(bytes - without) }));
}

export const httpCases: readonly HttpCase[] = [
  { name: "an event, structured", ...httpContent(event, "structured"), status: 204 },
  { name: "an event, binary", ...httpContent(event, "binary"), status: 204 },
  { name: "an event of 1 MB", headers: structured, body: ofSize(1_000_000), status: 204 },
  { name: "an event of 4 MiB", headers: structured, body: ofSize(maxBytes), status: 204, foreign: 413 },
  { name: "an event of more than 4 MiB", headers: structured, body: ofSize(maxBytes + 1), status: 413 },
  { name: "a batch of events", ...batchContent([event]), status: 415, foreign: 500 },
  { name: "an empty batch", headers: { "content-type": batchJson }, body: "[]", status: 415, foreign: 500 },
  { name: "JSON that is no event", headers: { "content-type": "application/json" }, body: "{}", status: 400 },
  { name: "nothing", status: 400 },
  { name: "a broken event", headers: structured, body: "{", status: 400 },
  {
    name: "an event without a type",
    headers: structured,
    body: JSON.stringify({ ...event, type: undefined }),
    status: 400,
    foreign: 500,
  },
  {
    name: "an event of another version",
    headers: { "ce-specversion": "0.3", "ce-id": "1" },
    status: 400,
  },
  { name: "GET", method: "GET", status: 405 },
  { name: "PUT", method: "PUT", body: "x", status: 405, foreign: 404 },
];

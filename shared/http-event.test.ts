import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CloudEvent } from "./event.ts";
import { MalformedEventError } from "./event-codec.ts";
import {
  batchContent,
  batchJson,
  httpContent,
  type Mode,
  readHttpEvent,
  readHttpEvents,
  UnsupportedEventError,
} from "./http-event.ts";

const event: CloudEvent = { specversion: "1.0", id: "1", type: "t", source: "s" };
const structured = "application/cloudevents+json";
const modes: readonly Mode[] = ["binary", "structured"];

interface Sent {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}
const message = ({ headers = {}, body = "" }: Sent) => ({
  headers: Object.entries(headers),
  body: typeof body === "string" ? new TextEncoder().encode(body) : body,
});
const ce = (more: Readonly<Record<string, string>> = {}) => ({
  "ce-specversion": "1.0",
  "ce-id": "1",
  "ce-type": "t",
  "ce-source": "s",
  ...more,
});

describe("an event over HTTP", () => {
  test.each(modes)("in %s mode is read as it was sent", (mode) => {
    const text = fc.string({ minLength: 1, unit: "binary" }).map((each) => each.toWellFormed());
    const attributes = fc.record({ id: text, subject: text, accountkey: text, reason: text });
    const data = fc.oneof(fc.jsonValue(), fc.constant(undefined));
    fc.assert(
      fc.property(attributes, data, (named, json) => {
        const sent = {
          ...event,
          ...named,
          datacontenttype: "application/json",
          ...(json !== undefined && { data: json }),
        };
        const { headers, body } = httpContent(sent, mode);
        for (const value of Object.values(headers)) expect(value).toMatch(/^[\x21-\x7e]*$/);
        const received = readHttpEvent({ headers: Object.entries(headers), body });
        expect(received.mode).toBe(mode);
        expect(JSON.parse(JSON.stringify(received.event))).toEqual(JSON.parse(JSON.stringify(sent)));
      }),
    );
  });

  test.each(modes)("in %s mode carries bytes and text", (mode) => {
    for (const [datacontenttype, data] of [
      ["application/octet-stream", Uint8Array.of(0, 200, 255)],
      ["text/plain", "grüße"],
    ] as const) {
      const { headers, body } = httpContent({ ...event, datacontenttype, data }, mode);
      expect(readHttpEvent({ headers: Object.entries(headers), body }).event.data).toEqual(data);
    }
  });

  test.each([
    ["of media type in capitals", { headers: { "Content-Type": "Application/CloudEvents+JSON; charset=utf-8" } }],
    ["with headers of the other mode besides", { headers: { "content-type": structured, "ce-specversion": "1.0" } }],
  ])("%s is structured", (_, sent) => {
    expect(readHttpEvent(message({ ...sent, body: JSON.stringify(event) }))).toEqual({ event, mode: "structured" });
  });

  test("several travel as a batch, one by itself in either mode, none as nothing", () => {
    const several = [event, { ...event, id: "2", data: { a: 1 } }];
    const read = ({ headers, body }: ReturnType<typeof batchContent>) =>
      readHttpEvents({ headers: Object.entries(headers), body });
    expect(read(batchContent(several))).toEqual(several);
    expect(read(batchContent([]))).toEqual([]);
    for (const mode of modes) expect(read(httpContent(event, mode))).toMatchObject([event]);
    expect(readHttpEvents(message({}))).toEqual([]);
  });
});

describe("what is no event is refused with what is wrong with it", () => {
  test.each<[string, Sent, string]>([
    [
      "a form",
      { headers: { "content-type": "application/json" }, body: "{}" },
      "neither the header ce-specversion nor",
    ],
    ["nothing", {}, "neither the header ce-specversion nor"],
    ["no JSON", { headers: { "content-type": structured }, body: "{" }, "the body is not JSON"],
    ["a list", { headers: { "content-type": structured }, body: "[]" }, "the body is no JSON object"],
    ["an empty object", { headers: { "content-type": structured }, body: "{}" }, "specversion"],
    ["another version", { headers: ce({ "ce-specversion": "0.3" }) }, "specversion"],
    ["no id", { headers: { "ce-specversion": "1.0", "ce-type": "t", "ce-source": "s" } }, "id: "],
    ["an empty type", { headers: ce({ "ce-type": "" }) }, "type: "],
    ["an empty subject", { headers: ce({ "ce-subject": "" }) }, "subject: "],
    ["data that are no JSON", { headers: ce({ "content-type": "application/json" }), body: "{" }, "data is not JSON"],
    ["no percent-encoding", { headers: ce({ "ce-subject": "%ff" }) }, "ce-subject is not percent-encoded UTF-8"],
    ["a wrong time", { headers: ce({ "ce-time": "yesterday" }) }, "time: "],
  ])("%s", (_, sent, why) => {
    expect(() => readHttpEvent(message(sent))).toThrow(MalformedEventError);
    expect(() => readHttpEvent(message(sent))).toThrow(why);
  });

  test.each([
    ["a batch", batchJson, "send each in a request of its own"],
    ["another format", "application/cloudevents+avro", "events as application/cloudevents+avro are not taken"],
  ])("%s is a form that is not taken", (_, type, why) => {
    const sent = message({ headers: { "content-type": type }, body: "[]" });
    expect(() => readHttpEvent(sent)).toThrow(UnsupportedEventError);
    expect(() => readHttpEvent(sent)).toThrow(why);
  });

  test.each([
    ["{", "the body is not JSON"],
    ["{}", "the body is no JSON array"],
    ["[1]", "the body is no JSON object"],
  ])("a batch of %s", (body, why) => {
    const sent = message({ headers: { "content-type": batchJson }, body });
    expect(() => readHttpEvents(sent)).toThrow(MalformedEventError);
    expect(() => readHttpEvents(sent)).toThrow(why);
  });
});

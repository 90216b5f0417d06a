import fc from "fast-check";
import { expect, it } from "vitest";
import type { CloudEvent } from "./event.ts";
import { decodeEvent, encodeEvent, eventLimits, MalformedEventError } from "./event-codec.ts";
import { encodeHeaderValue } from "./header-value.ts";

const text = fc.string({ unit: "binary", minLength: 1 }).filter((value) => value.isWellFormed());
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const event: fc.Arbitrary<CloudEvent> = fc
  .record({
    specversion: fc.constant("1.0"),
    id: text,
    type: text,
    source: text,
    subject: optional(text),
    time: optional(
      fc.date({ noInvalidDate: true, min: new Date(0) }).map((date) => date.toISOString().replace(/^\+\d\d/, "")),
    ),
    accountkey: optional(text),
    phase: optional(fc.constantFrom("", "Ready")),
    someextension: optional(text),
    data: optional(fc.jsonValue()),
  })
  // Only what is given: an attribute that is not there is no attribute `undefined`.
  .map((record) => JSON.parse(JSON.stringify(record)));

const bytes = (value: unknown): Uint8Array =>
  new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));
const decode = (value: unknown, headers: Record<string, string> = {}): CloudEvent =>
  decodeEvent({ body: value instanceof Uint8Array ? value : bytes(value), headers: Object.entries(headers) });
const minimal = { specversion: "1.0", id: "1", type: "t", source: "/s" };

it("reads what it writes", () => {
  fc.assert(
    fc.property(event, (original) => {
      expect(decode(encodeEvent(original))).toEqual(original);
    }),
  );
});

it("reads the same event in binary mode", () => {
  fc.assert(
    fc.property(event, ({ data, ...attributes }) => {
      const headers = Object.entries(attributes).map(([name, value]) => [`Ce-${name}`, encodeHeaderValue(value)]);
      const decoded = decode(
        data === undefined ? new Uint8Array(0) : bytes(JSON.stringify(data)),
        Object.fromEntries(headers),
      );
      expect(decoded).toEqual({ ...attributes, ...(data !== undefined && { data }) });
    }),
  );
});

it("never throws anything but MalformedEventError, whatever comes", () => {
  const body = fc.oneof(
    fc.uint8Array(),
    fc.json().map(bytes),
    fc.object().map((value) => bytes({ ...minimal, ...value })),
  );
  fc.assert(
    fc.property(
      body,
      fc.dictionary(fc.constantFrom("content-type", "ce-id", "ce-specversion", "ce-x"), text),
      (body, headers) => {
        try {
          decode(body, headers);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedEventError);
        }
      },
    ),
  );
});

it.each([
  ["no JSON", "{", /the body is not JSON/],
  ["an empty body", "", /the body is not JSON/],
  ["no UTF-8", Uint8Array.of(0x22, 0xff, 0x22), /the body is not UTF-8/],
  ["no object", "[1]", /the body is no JSON object/],
  ["null", "null", /the body is no JSON object/],
  ["a missing id", { ...minimal, id: undefined }, /: id: /],
  ["an empty source", { ...minimal, source: "" }, /: source: /],
  ["an empty subject", { ...minimal, subject: "" }, /: subject: /],
  ["another specversion", { ...minimal, specversion: "0.3" }, /: specversion: /],
  ["a time that is none", { ...minimal, time: "yesterday" }, /: time: /],
  ["an attribute that is an object", { ...minimal, extra: {} }, /: extra: /],
  ["an upper-case attribute", { ...minimal, accountKey: "a" }, /accountKey: attribute names are lower-case/],
  ["data that is no base64", { ...minimal, data_base64: "€" }, /: data_base64: /],
  ["several faults at once", { specversion: "1.0", id: "1" }, /type: .*; source: /],
  ["too deep a nesting", `{"data":${"[".repeat(1_000_000)}${"]".repeat(1_000_000)}}`, /nested deeper than 500 levels/],
])("refuses %s and says where", (_, body, message) => {
  expect(() => decode(body)).toThrow(MalformedEventError);
  expect(() => decode(body)).toThrow(message);
});

it.each([
  ["a batch", { "content-type": "application/cloudevents-batch+json" }, /a batch/],
  ["a header that is not UTF-8", { "ce-specversion": "1.0", "ce-id": "%ff" }, /header ce-id/],
  ["binary data that is not JSON", { ...ceHeaders(), "content-type": "application/json" }, /data is not JSON/],
])("refuses %s", (_, headers, message) => {
  expect(() => decode("{", headers)).toThrow(message);
});

function ceHeaders(): Record<string, string> {
  return Object.fromEntries(Object.entries(minimal).map(([name, value]) => [`ce-${name}`, value]));
}

it("refuses an event that is too large unread", () => {
  expect(() => decode(new Uint8Array(eventLimits.bytes + 1))).toThrow(/8388609 bytes, at most 8388608/);
});

it("counts nesting outside of strings only", () => {
  const data = { text: "[".repeat(1000), quoted: '\\"[[' };
  expect(decode({ ...minimal, data }).data).toEqual(data);
  const deep = `${"[".repeat(eventLimits.depth - 1)}${"]".repeat(eventLimits.depth - 1)}`;
  expect(decode(`{"specversion":"1.0","id":"1","type":"t","source":"/s","data":${deep}}`).id).toBe("1");
});

it("keeps unknown attributes as strings, and leaves out those that are null", () => {
  expect(decode({ ...minimal, sequence: 7, sampled: true, nothing: null, data: null })).toEqual({
    ...minimal,
    sequence: "7",
    sampled: "true",
    data: null,
  });
});

it("keeps text as text and other data as bytes", () => {
  const binary = { ...minimal, datacontenttype: "application/octet-stream", data: Uint8Array.of(0, 255, 1) } as const;
  const written = encodeEvent({ ...binary, specversion: "1.0" });
  expect(JSON.parse(new TextDecoder().decode(written)).data_base64).toBe("AP8B");
  expect(decode(written)).toEqual(binary);
  const headers = { ...ceHeaders(), "content-type": "text/plain; charset=utf-8" };
  expect(decode("{ plain", headers)).toEqual({
    ...minimal,
    datacontenttype: "text/plain; charset=utf-8",
    data: "{ plain",
  });
  const json = { ...minimal, datacontenttype: "application/merge-patch+json", data_base64: btoa('{"a":1}') };
  expect(decode(json).data).toEqual({ a: 1 });
});

import { expect, test } from "vitest";
import { decodeProtobuf } from "./protobuf.ts";

const part = (number: number, content: Buffer | string): Buffer => {
  const bytes = Buffer.from(content);
  return Buffer.concat([Buffer.from([number * 8 + 2, bytes.length]), bytes]);
};
const message = (apiVersion: string, kind: string, raw: Buffer): Buffer =>
  Buffer.concat([Buffer.from("k8s\0"), part(1, Buffer.concat([part(1, apiVersion), part(2, kind)])), part(2, raw)]);

test("reads names, maps and lists as kubectl sends them", () => {
  const metadata = Buffer.concat([part(1, "cm"), part(3, ""), part(11, Buffer.concat([part(1, "a"), part(2, "b")]))]);
  const data = Buffer.concat([part(1, "key"), part(2, "value")]);
  const immutable = Buffer.from([4 * 8, 1]);
  const body = message("v1", "ConfigMap", Buffer.concat([part(1, metadata), part(2, data), immutable]));
  expect(decodeProtobuf(body)).toEqual({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "cm", labels: { a: "b" } },
    data: { key: "value" },
    immutable: true,
  });
});

test("refuses what is no protobuf, is cut off, or of a kind that nobody knows", () => {
  expect(() => decodeProtobuf(Buffer.from("{}"))).toThrow("does not appear to be a protobuf message");
  expect(() => decodeProtobuf(message("v1", "Namespace", part(1, "x")).subarray(0, -1))).toThrow("ends early");
  expect(() => decodeProtobuf(message("v1", "Pod", Buffer.alloc(0)))).toThrow("unknown format");
});

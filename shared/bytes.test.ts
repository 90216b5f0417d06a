import { expect, test } from "vitest";
import { formatBytes, parseBytes } from "./bytes.ts";

test.each([
  ["65536", 65_536],
  ["64Ki", 65_536],
  ["256Mi", 268_435_456],
  ["1.5Gi", 1_610_612_736],
  ["2M", 2_000_000],
  ["0", 0],
  ["", undefined],
  ["-1", undefined],
  ["1MB", undefined],
  ["Mi", undefined],
])("%s is %s bytes", (text, bytes) => expect(parseBytes(text)).toBe(bytes));

test.each([
  [0, "0 B"],
  [1023, "1023 B"],
  [1536, "1.5 KiB"],
  [64 * 1024 ** 2, "64 MiB"],
  [3000 * 1024 ** 3, "3000 GiB"],
])("%s bytes are written as %s", (bytes, text) => expect(formatBytes(bytes)).toBe(text));

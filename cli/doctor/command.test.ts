import { expect, test } from "vitest";
import { styleOf } from "../style.ts";
import type { Finding } from "./check.ts";
import { few } from "./check.ts";
import { table } from "./command.ts";

const findings: readonly Finding[] = [
  { id: "EXPORT", level: "OK", message: "well" },
  { id: "BIND-LC", level: "WARN", message: "root:org uses InitializeOnly", fix: "pm bootstrap --upgrade" },
  { id: "WST-INIT", level: "FAIL", message: "nobody serves it", fix: "start it" },
  { id: "KCP", level: "SKIP", message: "needs a kcp administrator", fix: "give one" },
];
const plain = styleOf({ color: false });

test("counts first, then what fails, then what warns, each with its fix", () => {
  expect(table(findings, false, plain)).toBe(
    [
      " OK 1 checks   WARN 1   FAIL 1   (1 not checked: pm doctor --all says why)",
      " FAIL WST-INIT  nobody serves it",
      "      fix: start it",
      " WARN BIND-LC   root:org uses InitializeOnly",
      "      fix: pm bootstrap --upgrade",
      "",
    ].join("\n"),
  );
});

test("shows every check when asked", () => {
  const all = table(findings, true, plain);
  expect(all).toContain(" OK   EXPORT    well");
  expect(all).toContain(" SKIP KCP       needs a kcp administrator");
});

test("names five of many", () => {
  expect(few(["a", "b"])).toBe("a, b");
  expect(few(["a", "b", "c", "d", "e", "f", "g"])).toBe("a, b, c, d, e and 2 more");
});

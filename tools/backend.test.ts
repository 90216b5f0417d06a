import { expect, test } from "vitest";
import { backendName, chosenBackend } from "./backend.ts";

test.each([
  [{}, "embedded"],
  [{ BACKEND: "" }, "embedded"],
  [{ BACKEND: "kcp" }, "kcp"],
  [{ SECURITY: "1" }, "kcp"],
  [{ SECURITY: "1", BACKEND: "kcp" }, "kcp"],
  [{ SECURITY: "0" }, "embedded"],
])("%o runs on %s", (env, name) => {
  expect(backendName(env)).toBe(name);
});

test.each([
  [{ BACKEND: "etcd" }, "BACKEND=etcd is unknown. Use BACKEND=embedded (the default) or BACKEND=kcp."],
  [{ BACKEND: "embedded", SECURITY: "1" }, "SECURITY=1 needs a real kcp."],
  [{ BACKEND: "kcp", DATA: "x.json" }, "DATA is a file of the embedded control plane."],
])("%o is refused", (env, message) => {
  expect(() => chosenBackend(env)).toThrow(message);
});

test("the embedded backend says what it is, and what becomes of its data", () => {
  expect(chosenBackend({}).notice).toMatch(/for development only.*DATA=FILE keeps them.*BACKEND=kcp/s);
  expect(chosenBackend({ DATA: "kept.json" }).notice).toContain("are saved to kept.json");
});

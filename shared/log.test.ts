import { expect, test } from "vitest";
import { createLog } from "./log.ts";

function logged(
  options: { level?: string; json?: boolean },
  write: (log: ReturnType<typeof createLog>) => void,
): string {
  let text = "";
  const attributes = { environment: "test", region: "local", is_local: true, image_name: "i", image_tag: "v1" };
  const out = { write: (line: string) => (text += line) };
  write(createLog({ level: "info", json: true, ...options, attributes, out }));
  return text;
}

test("002-C15 to C21 one JSON object a line, with level name, time and the attributes of the instance", () => {
  const line = JSON.parse(logged({}, (log) => log.info({ function: "workspace-ready" }, "handled")));
  expect(line).toMatchObject({
    ...{ level: "info", msg: "handled", function: "workspace-ready" },
    ...{ environment: "test", region: "local", is_local: true, image_name: "i", image_tag: "v1" },
  });
  expect(Date.parse(line.time)).toBeGreaterThan(0);
  expect(line).not.toHaveProperty("pid");
});

test.each([
  ["trace", 5],
  ["debug", 4],
  ["info", 3],
  ["warn", 2],
  ["error", 1],
])("002-C21 level %s lets %d of five lines through", (level, count) => {
  const text = logged({ level }, (log) => {
    for (const name of ["trace", "debug", "info", "warn", "error"] as const) log[name]({}, name);
  });
  expect(text.split("\n").length - 1).toBe(count);
});

test("002-C22 lines for people leave out what all have in common, and show the stack of an error", () => {
  const text = logged({ json: false }, (log) => {
    log.warn({ attempt: 2, outcome: "retry", ref: { kind: "Workspace" } }, "failed");
    log.error({ err: new Error("no") }, "given up");
  });
  const [first = "", second = "", stack = ""] = text.split("\n");
  expect(first).toMatch(/^\d\d:\d\d:\d\d\.\d{3} WARN {2}failed attempt=2 outcome=retry ref={"kind":"Workspace"}$/);
  expect(second).toMatch(/ERROR given up$/);
  expect(stack).toBe("Error: no");
});

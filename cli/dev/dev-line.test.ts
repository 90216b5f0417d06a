import { expect, test } from "vitest";
import { styleOf } from "../style.ts";
import { devLine } from "./dev-line.ts";
import { readable } from "./load-functions.ts";

const shown = (entry: object) => {
  const json = JSON.stringify({ level: "info", time: "2026-01-01T12:00:00.123Z", ...entry });
  return devLine(json, { style: styleOf({ color: false }), stack: (text) => readable(text, "/checkout") });
};

test("a handled event is one line: who, what, where, how it ended", () => {
  const handled = {
    msg: "handled",
    function: "create-workspace",
    event: "c.u.1",
    type: "dev.knative.apiserver.resource.add",
    subject: "/apis/core.platform-mesh.io/v1alpha1/accounts/acme",
    workspace: "root:orgs",
    outcome: "waiting",
    reason: "Workspace type not ready yet",
    ms: 12,
    attempt: 2,
  };
  expect(shown(handled).replaceAll(/ +/g, " ")).toBe(
    "12:00:00.123 create-workspace accounts/acme add root:orgs waiting Workspace type not ready yet, attempt 2, 12 ms\n",
  );
});

test("anything else is told with its fields, unless it is about the source alone", () => {
  expect(shown({ level: "debug", msg: "slice is watched" })).toBe("");
  expect(shown({ msg: "ready", accounts: 3, shards: ["a"] })).toBe('12:00:00.123  ready  accounts=3 shards=["a"]\n');
});

test("an error shows the places in the functions, and none in what runs them", () => {
  const stack = [
    "ReferenceError: x is not defined",
    "    at Object.handle (file:///checkout/functions/workspace-ready/index.ts?reload=3:33:5)",
    "    at async once (file:///checkout/shared/invoke.ts?reload=3:73:19)",
    "    at async withinLimits (file:///checkout/eventing/time-limit.ts?reload=3:34:12)",
    "    at node:internal/process/task_queues:1:1",
  ].join("\n");
  expect(shown({ level: "error", msg: "not reloaded", err: { stack } }).split("\n").slice(1, -1)).toEqual([
    "              ReferenceError: x is not defined",
    "                  at Object.handle (functions/workspace-ready/index.ts:33:5)",
    "                  at async once (shared/invoke.ts:73:19)",
  ]);
});

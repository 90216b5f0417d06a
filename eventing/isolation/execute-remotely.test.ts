import { createServer } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type CloudEvent, fact, resource } from "../../shared/event.ts";
import {
  type AccountFunction,
  type Ctx,
  done,
  drop,
  type Outcome,
  requeue,
  TerminalError,
  waiting,
} from "../../shared/function.ts";
import { classify, UnreachableError } from "../../shared/kcp/errors.ts";
import { noMetrics } from "../dispatch-metrics.ts";
import type { Listening } from "../http-server.ts";
import { maxAttempts } from "../retry-policy.ts";
import { createResponder, type Responder } from "../serve/responder.ts";
import { maxBytes, serveFunctions } from "../serve/server.ts";
import { executeAt } from "./execute-remotely.ts";

const event: CloudEvent = {
  specversion: "1.0",
  id: "1",
  type: resource.update,
  kind: "Account",
  source: "https://kcp/clusters/1abc",
  time: "2026-01-01T00:00:00Z",
  accountkey: "1abc/foo",
  kcpcluster: "1abc",
  kcppath: "root:orgs",
  data: { metadata: { name: "föö" } },
};
const fn: AccountFunction = {
  name: "f",
  on: [{ type: resource.update }],
  handle: () => Promise.reject(new Error("the responder executes")),
};
const ignore = () => {};
const log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
const ref = { kind: "Workspace", cluster: "1abc", name: "foo" };

let answer: (event: CloudEvent, ctx: Ctx) => Outcome | Promise<Outcome>;
let seen: { readonly event: CloudEvent; readonly attempt: number }[];
let responder: Responder;
let server: Listening;
let stop: AbortController;

beforeEach(async () => {
  [answer, seen, stop] = [() => done(), [], new AbortController()];
  const invoke = async (_: AccountFunction, given: CloudEvent, ctx: Ctx) => {
    seen.push({ event: given, attempt: ctx.attempt });
    return answer(given, ctx);
  };
  responder = createResponder({
    ...{ functions: [fn], log, metrics: noMetrics, concurrency: 10, forParent: true },
    invoke,
  });
  const address = { host: "127.0.0.1", port: 0 };
  server = await serveFunctions({ address, respond: responder.respond, missing: () => [], log });
});
afterEach(() => server.close());

const execute = (given = event, attempt = 1) =>
  executeAt(`http://127.0.0.1:${server.port}/`, given, { now: Date.now, signal: stop.signal, attempt, log });

test("the function gets the event as it is, and the attempt that is counted here", async () => {
  expect(await execute(event, 7)).toEqual({ result: { kind: "done" }, facts: [] });
  expect(seen).toEqual([{ event, attempt: 7 }]);
});

test.each([
  [waiting("Wörkspace not ready, 100 %", ref), { kind: "waiting", reason: "Wörkspace not ready, 100 %" }],
  [drop("no Account"), { kind: "drop", reason: "no Account" }],
  [requeue(1_500, "told if it lasts"), { kind: "requeue", ms: 1_500, reason: "told if it lasts" }],
  [done(), { kind: "done" }],
])("%o comes back as the same outcome", async (outcome, result) => {
  answer = () => outcome;
  expect((await execute()).result).toEqual(result);
});

test("all facts come back at once and complete, whatever the outcome", async () => {
  answer = () =>
    requeue(10, "again")
      .emitting({ type: fact.ready })
      .emitting({ type: fact.repaired, data: { n: 1 } });
  const { facts, result } = await execute();
  expect(result.kind).toBe("requeue");
  expect(facts).toMatchObject([
    { id: `1/f/${fact.ready}/0`, accountkey: "1abc/foo", causationid: "1", source: "/functions/f" },
    { id: `1/f/${fact.repaired}/0`, data: { n: 1 } },
  ]);
});

test("what can never succeed says so, and no fact: it becomes a dead letter here", async () => {
  answer = () => Promise.reject(new TerminalError("no such type"));
  const { facts, result } = await execute();
  expect(result).toEqual({ kind: "failed", reason: "no such type" });
  expect(facts).toEqual([]);
});

test("an error comes back by its message: to be tried again, and at the last attempt as an error", async () => {
  answer = () => Promise.reject(new Error("kcp says no"));
  await expect(execute()).rejects.toMatchObject({ name: "NotNowError", message: "kcp says no" });
  await expect(execute(event, maxAttempts)).rejects.toMatchObject({ name: "RemoteError", message: "kcp says no" });
});

test("a kcp that cannot be reached says nothing of the event, at the last attempt either", async () => {
  answer = () => Promise.reject(new UnreachableError("no answer"));
  const error: unknown = await execute(event, maxAttempts).catch((thrown: unknown) => thrown);
  expect(classify(error)).toBe("unreachable");
});

test("a process that is about to end is no verdict on the event", async () => {
  await responder.drain(0);
  const error: unknown = await execute(event, maxAttempts).catch((thrown: unknown) => thrown);
  expect(classify(error)).toBe("unreachable");
});

test("decisions 5: an event that is too large for a request goes without its data", async () => {
  await execute({ ...event, datacontenttype: "application/json", data: "x".repeat(maxBytes) });
  const { data, ...attributes } = event;
  expect(seen).toEqual([{ event: { ...attributes, dataomitted: "true" }, attempt: 1 }]);
});

test("a connection that breaks is told apart from an answer, and from being stopped", async () => {
  const broken = createServer((socket) => socket.once("data", () => socket.destroy()));
  await new Promise<void>((resolve) => broken.listen(0, "127.0.0.1", resolve));
  const address = broken.address();
  const port = typeof address === "object" ? address?.port : 0;
  const ctx = { now: Date.now, signal: stop.signal, attempt: 1, log };
  await expect(executeAt(`http://127.0.0.1:${port}/`, event, ctx)).rejects.toThrow("connection");
  broken.close();
  answer = () => new Promise<Outcome>(() => {});
  const stopped = execute();
  await expect.poll(() => seen.length).toBe(1);
  stop.abort(new Error("stopping"));
  await expect(stopped).rejects.toThrow("stopping");
});

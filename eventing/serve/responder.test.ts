import { describe, expect, test } from "vitest";
import { type CloudEvent, fact } from "../../shared/event.ts";
import {
  type AccountFunction,
  defineFunction,
  done,
  drop,
  type Outcome,
  requeue,
  TerminalError,
  waiting,
} from "../../shared/function.ts";
import { batchJson, httpContent, type Mode, readHttpEvents } from "../../shared/http-event.ts";
import { manualClock } from "../../test/manual-clock.ts";
import { noMetrics } from "../dispatch-metrics.ts";
import type { Answer } from "./answer.ts";
import { createResponder, type ResponderOptions } from "./responder.ts";

const event: CloudEvent = { specversion: "1.0", id: "e1", type: "asked", source: "test", accountkey: "c/acme" };
const ref = { kind: "Workspace", cluster: "c", name: "acme" };

type Handle = AccountFunction["handle"];
const fn = (name: string, handle: Handle, on = [{ type: "asked" }]): AccountFunction =>
  defineFunction({ name, on, handle });

interface Logged {
  readonly level: string;
  readonly fields: Readonly<Record<string, unknown>>;
}
function responding(functions: readonly AccountFunction[], more: Partial<ResponderOptions> = {}) {
  const logged: Logged[] = [];
  const at = (level: string) => (fields: object) => void logged.push({ level, fields: { ...fields } });
  const responder = createResponder({
    functions,
    invoke: (each, about, ctx) => each.handle(about, undefined as never, ctx),
    log: { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") },
    metrics: noMetrics,
    concurrency: 10,
    ...more,
  });
  const post = (about: CloudEvent, { mode = "binary", path = "/", accept, isAbandoned }: Post = {}) => {
    const { headers, body } = httpContent(about, mode);
    const all = { ...headers, ...(accept && { accept }) };
    return responder.respond({ path, headers: Object.entries(all), body, ...(isAbandoned && { isAbandoned }) });
  };
  return { responder, post, logged };
}
interface Post {
  readonly mode?: Mode;
  readonly path?: string;
  readonly accept?: string;
  readonly isAbandoned?: () => boolean;
}
const eventsIn = ({ headers, body }: Answer) =>
  readHttpEvents({
    headers: Object.entries(headers),
    body: typeof body === "string" ? new TextEncoder().encode(body) : body,
  });
const told = ({ status, headers }: Answer) => ({
  status,
  outcome: headers["account-functions-outcome"],
  reason: headers["account-functions-reason"],
});

describe("functions-and-events 5: an outcome becomes an answer", () => {
  test.each<[string, Handle, object]>([
    ["done", async () => done(), { status: 204, outcome: "done" }],
    ["done with a fact", async () => done({ type: fact.ready }), { status: 200, outcome: "done" }],
    [
      "waiting",
      async () => waiting("not yet: 5 %", ref),
      { status: 204, outcome: "waiting", reason: "not%20yet:%205%20%25" },
    ],
    ["drop", async () => drop("no Account"), { status: 204, outcome: "drop", reason: "no%20Account" }],
    ["a throw", async () => Promise.reject(new Error("secret")), { status: 500, outcome: "retry", reason: undefined }],
    ["no outcome", async () => undefined as never, { status: 500, outcome: "retry" }],
  ])("%s", async (_, handle, answer) => {
    const { post } = responding([fn("f", handle)]);
    for (const mode of ["binary", "structured"] as const)
      expect(told(await post(event, { mode }))).toMatchObject(answer);
  });

  test("a fact is the answer, in the mode of the request", async () => {
    const { post } = responding([fn("f", async () => done({ type: fact.ready, data: { a: 1 } }))]);
    const binary = await post(event);
    expect(binary.headers).toMatchObject({ "ce-type": fact.ready, "ce-causationid": "e1" });
    const structured = await post(event, { mode: "structured" });
    expect(structured.headers["content-type"]).toBe("application/cloudevents+json");
    for (const answer of [binary, structured]) {
      expect(eventsIn(answer)).toMatchObject([{ id: `e1/f/${fact.ready}/0`, accountkey: "c/acme", data: { a: 1 } }]);
    }
  });

  test("of several facts the last is the answer and the others are at K_SINK by then", async () => {
    const sunk: CloudEvent[] = [];
    const several = fn("f", async () => done({ type: "one" }, { type: "two" }, { type: "three" }));
    const { post } = responding([several], { sink: async (events) => void sunk.push(...events) });
    expect(eventsIn(await post(event)).map(({ type }) => type)).toEqual(["three"]);
    expect(sunk.map(({ type }) => type)).toEqual(["one", "two"]);
  });

  test("whoever takes a batch gets them all, and needs no K_SINK", async () => {
    const { post } = responding([fn("f", async () => done({ type: "one" }, { type: "two" }))]);
    const answer = await post(event, { accept: `application/json, ${batchJson}` });
    expect(told(answer)).toMatchObject({ status: 200, outcome: "done" });
    expect(eventsIn(answer).map(({ type }) => type)).toEqual(["one", "two"]);
  });

  test("without K_SINK they fail, and the log says what to set", async () => {
    const { post, logged } = responding([fn("f", async () => done({ type: "one" }, { type: "two" }))]);
    expect(told(await post(event))).toMatchObject({ status: 500, outcome: "retry" });
    expect(String(logged[0]?.fields.reason)).toContain("set K_SINK to where events go");
  });

  test("a K_SINK that takes nothing makes the event come again, and no fact is told twice over", async () => {
    const sink = async () => Promise.reject(new Error("away"));
    const { post } = responding([fn("f", async () => done({ type: "one" }, { type: "two" }))], { sink });
    const answer = await post(event);
    expect(answer.status).toBe(500);
    expect(answer.headers["ce-type"]).toBeUndefined();
  });

  test("what went wrong is in the log, by the id that the answer has", async () => {
    const { post, logged } = responding([fn("f", async () => Promise.reject(new Error("the password is 1234")))]);
    const { body } = await post(event);
    const [line] = logged;
    expect(line).toMatchObject({ level: "warn", fields: { function: "f", reason: "the password is 1234" } });
    expect(body).toBe(`${line?.fields.request}\n`);
  });
});

describe("decisions 41: a wait for time", () => {
  const soon = fn("f", async () => requeue(1500, "too early"));

  test("goes to the scheduler, and is answered when that has it", async () => {
    const scheduled: unknown[] = [];
    const { post } = responding([soon], { schedule: async (...asked) => void scheduled.push(asked) });
    const answer = await post(event);
    expect(told(answer)).toEqual({ status: 204, outcome: "requeue", reason: "too%20early" });
    expect(answer.headers["account-functions-requeue-ms"]).toBeUndefined();
    expect(scheduled).toMatchObject([["f", { id: "e1" }, 1500]]);
  });

  test("is left to whoever asked where there is none", async () => {
    const answer = await responding([soon]).post(event);
    expect(told(answer)).toMatchObject({ status: 204, outcome: "requeue" });
    expect(answer.headers["account-functions-requeue-ms"]).toBe("1500");
  });

  test("fails with the scheduler, so that the event comes again", async () => {
    const { post } = responding([soon], { schedule: async () => Promise.reject(new Error("away")) });
    expect(told(await post(event))).toMatchObject({ status: 500, outcome: "retry" });
  });
});

describe("what can never succeed", () => {
  const never = fn("f", async () => Promise.reject(new TerminalError("no such type")));

  test("is answered 204, and told at K_SINK", async () => {
    const sunk: CloudEvent[] = [];
    const { post } = responding([never], { sink: async (events) => void sunk.push(...events) });
    expect(told(await post(event))).toEqual({ status: 204, outcome: "failed", reason: "no%20such%20type" });
    expect(sunk).toMatchObject([{ type: fact.failed, data: { message: "no such type" }, causationid: "e1" }]);
  });

  test("is told in the answer where there is no K_SINK", async () => {
    const answer = await responding([never]).post(event);
    expect(told(answer)).toMatchObject({ status: 200, outcome: "failed" });
    expect(eventsIn(answer)).toMatchObject([{ type: fact.failed }]);
  });

  test("what may yet succeed is never given up: that is the broker's to do", async () => {
    const attempts: number[] = [];
    const failing = fn("f", async (_event, _deps, { attempt }) => {
      attempts.push(attempt);
      throw new Error("broken");
    });
    const { post } = responding([failing]);
    for (let sent = 0; sent < 12; sent++)
      expect(told(await post(event))).toMatchObject({ status: 500, outcome: "retry" });
    expect(attempts).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  });
});

describe("which function gets an event", () => {
  const named = ["a", "b"].map((name) => fn(name, async () => done({ type: `by-${name}` })));
  const both = [...named, fn("other", async () => drop("never asked"), [{ type: "something-else" }])];

  test("/ is for every one that takes it", async () => {
    const { post } = responding(both);
    const events = eventsIn(await post(event, { accept: batchJson }));
    expect(events.map(({ type }) => type).sort()).toEqual(["by-a", "by-b"]);
  });

  test("a path is for the one that it names", async () => {
    const { post } = responding(both);
    expect(eventsIn(await post(event, { path: "/b" })).map(({ type }) => type)).toEqual(["by-b"]);
    expect(told(await post(event, { path: "/other" }))).toMatchObject({ status: 204, outcome: "drop" });
    const unknown = await post(event, { path: "/nobody" });
    expect(unknown).toMatchObject({ status: 404, body: "use / or /a, /b, /other\n" });
  });

  test("an event that none takes is dropped", async () => {
    const answer = await responding(both).post({ ...event, type: "unheard-of" });
    expect(told(answer)).toMatchObject({ status: 204, outcome: "drop" });
  });

  test.each<[readonly Handle[], string]>([
    [[async () => done(), async () => waiting("w", ref)], "waiting"],
    [[async () => drop("d"), async () => done()], "done"],
    [[async () => requeue(5, "r"), async () => Promise.reject(new TerminalError("t"))], "failed"],
    [[async () => requeue(5, "r"), async () => waiting("w", ref)], "requeue"],
    [[async () => done(), async () => Promise.reject(new Error("x"))], "retry"],
  ])("of several the most urgent outcome speaks: %#, %s", async (handles, outcome) => {
    const { post } = responding(handles.map((handle, index) => fn(`f${index}`, handle)));
    expect(told(await post(event))).toMatchObject({ outcome });
  });
});

describe("order and load", () => {
  const gate = () => Promise.withResolvers<void>();
  const afterwards = (held: ReturnType<typeof gate>, outcome: Outcome) => async () => {
    await held.promise;
    return outcome;
  };

  test("decisions 1: the events of one account run one after the other, those of others beside them", async () => {
    const gates = { one: gate(), two: gate() };
    const order: string[] = [];
    const slow = fn("f", async ({ id, accountkey }) => {
      order.push(`${id} starts`);
      if (accountkey === "c/acme") await (id === "1" ? gates.one : gates.two).promise;
      order.push(`${id} ends`);
      return done();
    });
    const { post } = responding([slow]);
    const first = post({ ...event, id: "1" });
    const second = post({ ...event, id: "2" });
    await post({ ...event, id: "3", accountkey: "c/other" });
    expect(order).toEqual(["1 starts", "3 starts", "3 ends"]);
    gates.two.resolve();
    gates.one.resolve();
    await Promise.all([first, second]);
    expect(order.slice(3)).toEqual(["1 ends", "2 starts", "2 ends"]);
  });

  test("beyond what can wait here, senders are sent away", async () => {
    const held = gate();
    const { post } = responding([fn("f", afterwards(held, done()))]);
    const posted = Array.from({ length: 320 }, (_, n) => post({ ...event, id: String(n), accountkey: `c/${n}` }));
    const answer = await post(event);
    expect(answer).toMatchObject({ status: 503, body: "overloaded\n", headers: { "retry-after": "1" } });
    held.resolve();
    for (const { status } of await Promise.all(posted)) expect(status).toBe(204);
    expect((await post(event)).status).toBe(204);
  });

  test("what its sender no longer waits for when its turn comes is left to be sent again", async () => {
    const held = gate();
    const handled: string[] = [];
    const slow = fn("f", async ({ id }) => {
      handled.push(id);
      await held.promise;
      return done();
    });
    const { post } = responding([slow]);
    const first = post({ ...event, id: "1" });
    let isAbandoned = false;
    const second = post({ ...event, id: "2" }, { isAbandoned: () => isAbandoned });
    isAbandoned = true;
    held.resolve();
    expect((await first).status).toBe(204);
    expect(told(await second)).toMatchObject({ status: 500, outcome: "retry" });
    expect(handled).toEqual(["1"]);
    expect((await post({ ...event, id: "2" })).status).toBe(204);
  });

  test("draining finishes what is under way, and takes no more", async () => {
    const held = gate();
    const { post, responder } = responding([fn("f", afterwards(held, done({ type: fact.ready })))]);
    const [running, queued] = [post(event), post({ ...event, id: "e2" })];
    const drained = responder.drain(60_000);
    expect(await post(event)).toMatchObject({ status: 503, body: "shutting down\n" });
    held.resolve();
    expect((await running).status).toBe(200);
    expect((await queued).status).toBe(200);
    await drained;
  });

  test("what is not done in time is aborted and answered 503, so that it comes again elsewhere", async () => {
    const clock = manualClock();
    const stuck = fn("f", async (_event, _deps, { signal }) => {
      await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      return done();
    });
    const { post, responder } = responding([stuck], { clock });
    const posted = post(event);
    const drained = responder.drain(1000);
    await clock.pass(1000);
    expect(told(await posted)).toMatchObject({ status: 503, outcome: "retry" });
    await drained;
  });

  test("a function that takes too long is a failure", async () => {
    const clock = manualClock();
    const { post } = responding([fn("f", () => new Promise(() => {}))], { clock, timeLimitMs: 50 });
    const posted = post(event);
    await clock.pass(50);
    expect(told(await posted)).toMatchObject({ status: 500, outcome: "retry" });
  });
});

test("a reason that no header can hold as it is comes short and encoded", async () => {
  const answer = await responding([fn("f", async () => drop(`ü\n${"x".repeat(5000)}`))]).post(event);
  expect(answer.headers["account-functions-reason"]).toMatch(/^%C3%BC%0Ax{498}$/);
});

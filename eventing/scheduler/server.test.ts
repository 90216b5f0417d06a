import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { CloudEvent } from "../../shared/event.ts";
import type { Log } from "../../shared/function.ts";
import { httpContent } from "../../shared/http-event.ts";
import { createMetrics } from "../../shared/metrics.ts";
import { type Answer, scriptedServer } from "../../test/scripted-server.ts";
import { freePorts } from "../../tools/ports.ts";
import { FileMap } from "../bus/file-map.ts";
import { createHttpClient } from "../http-client.ts";
import { deliver } from "./deliver.ts";
import { openScheduling, type Scheduling } from "./scheduling.ts";

const silent: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const event: CloudEvent = { specversion: "1.0", id: "1", type: "t", source: "/s", accountkey: "c/a", data: { a: 1 } };
const ok: Answer = (_, response) => response.writeHead(204).end();

let folder: string;
let map: FileMap;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "scheduling-"));
  map = await FileMap.open(folder, "timers");
});
afterEach(async () => {
  await map.close();
  await rm(folder, { recursive: true });
});

async function open(functionsUrl: string, more: { count?: number; deadLetterSink?: string } = {}) {
  const [port = 0] = await freePorts(1);
  const metrics = createMetrics();
  const { count = 10, ...rest } = more;
  const scheduling: Scheduling = await openScheduling(
    {
      address: { host: "127.0.0.1", port },
      urlTemplate: `${functionsUrl}/{function}`,
      bounds: { count, bytes: 1024 * 1024 },
      timeout: 2_000,
      ...rest,
    },
    { functions: new Set(["f"]), log: silent, metrics },
  );
  const published: CloudEvent[] = [];
  const url = `http://127.0.0.1:${port}`;
  return {
    ...{ scheduling, published, url, metrics },
    begin: async () => {
      await scheduling.take(map);
      await scheduling.start(async (one) => void published.push(one));
    },
    post: async (path: string, init: RequestInit = httpContent(event, "structured")) =>
      fetch(url + path, { method: "POST", ...init }),
    async [Symbol.asyncDispose]() {
      await scheduling.stop(0);
      await scheduling.close();
    },
  };
}

describe("the scheduler's endpoint", () => {
  test("202 once it is stored; the function gets the event and its reply goes to the sink", async () => {
    const reply: CloudEvent = { specversion: "1.0", id: "1/f/t/0", type: "t.done", source: "/functions/f" };
    await using functions = await scriptedServer((_, response) => {
      const { headers, body } = httpContent(reply, "binary");
      response.writeHead(200, headers).end(body);
    });
    await using each = await open(functions.url);
    await each.begin();
    const answer = await each.post("/schedule/f?afterMs=10");
    expect(answer.status).toBe(202);
    await expect.poll(() => each.published).toMatchObject([{ id: "1/f/t/0", type: "t.done" }]);
    expect(functions.seen[0]).toMatchObject({ method: "POST", headers: { prefer: "reply" } });
    expect(functions.seen[0]?.url.pathname).toBe("/f");
    expect(JSON.parse(functions.seen[0]?.body ?? "")).toMatchObject({ id: "1", data: { a: 1 } });
    await expect
      .poll(async () => each.metrics.registry.metrics())
      .toMatch(/account_functions_timers_ended_total{function="f",outcome="handled"} 1/);
    await expect.poll(async () => each.metrics.registry.metrics()).toMatch(/account_functions_timers 0/);
  });

  test("takes binary mode too", async () => {
    await using functions = await scriptedServer(ok);
    await using each = await open(functions.url);
    await each.begin();
    expect((await each.post("/schedule/f?afterMs=0", httpContent(event, "binary"))).status).toBe(202);
    await expect.poll(() => functions.seen.length).toBe(1);
  });

  test.each<[string, string, RequestInit | undefined, number]>([
    ["another path", "/", undefined, 404],
    ["a function that there is not", "/schedule/g?afterMs=1", undefined, 404],
    ["no time", "/schedule/f", undefined, 400],
    ["a time in the past", "/schedule/f?afterMs=-1", undefined, 400],
    ["a time too far", "/schedule/f?afterMs=99999999999", undefined, 400],
    ["no event", "/schedule/f?afterMs=1", { headers: { "content-type": "application/json" }, body: "{}" }, 400],
    [
      "a batch",
      "/schedule/f?afterMs=1",
      { headers: { "content-type": "application/cloudevents-batch+json" }, body: "[]" },
      415,
    ],
    ["another method", "/schedule/f?afterMs=1", { method: "GET" }, 405],
    [
      "too large",
      "/schedule/f?afterMs=1",
      httpContent({ ...event, data: "x".repeat(4 * 1024 * 1024) }, "structured"),
      413,
    ],
  ])("%s: %s", async (_name, path, init, status) => {
    await using each = await open("http://127.0.0.1:1");
    await each.begin();
    expect((await each.post(path, init)).status).toBe(status);
  });

  test("503 with Retry-After when there are too many, and while this instance keeps no timers", async () => {
    await using each = await open("http://127.0.0.1:1", { count: 1 });
    const standby = await each.post("/schedule/f?afterMs=1");
    expect([standby.status, standby.headers.get("retry-after")]).toEqual([503, "1"]);
    await each.begin();
    expect((await each.post("/schedule/f?afterMs=60000")).status).toBe(202);
    const full = await each.post("/schedule/f?afterMs=1", httpContent({ ...event, id: "2" }, "structured"));
    expect([full.status, await full.text()]).toEqual([503, "too many timers wait\n"]);
    each.scheduling.giveBack();
    expect((await each.post("/schedule/f?afterMs=1")).status).toBe(503);
  });
});

describe("the dead-letter sink of an installation that has no other", () => {
  test("counts and takes what Brokers and the scheduler send, by function", async () => {
    await using each = await open("http://127.0.0.1:1");
    const letter = { ...event, knativeerrordest: "http://f.ns", knativeerrorcode: "500", knativeerrordata: "bm8=" };
    const post = (path: string) => each.post(path, httpContent(letter, "binary")).then(({ status }) => status);
    expect(await Promise.all([post("/dead-letters/f"), post("/dead-letters/f"), post("/dead-letters")])).toEqual([
      202, 202, 202,
    ]);
    const text = await each.metrics.registry.metrics();
    expect(text).toContain(`account_functions_events_handled_total{function="f",outcome="dead"} 2`);
    expect(text).toContain(`account_functions_events_handled_total{function="other",outcome="dead"} 1`);
    expect((await each.post("/dead-letters/f", { method: "GET" })).status).toBe(405);
  });
});

describe("handing a due event to its function", () => {
  const never = new AbortController().signal;
  const timer = { function: "f", event, dueAt: 0, refusals: 0 };
  const client = createHttpClient({ maxSockets: 1 });
  const to = (url: string, publish = async (): Promise<void> => undefined) =>
    deliver(timer, never, { client, urlTemplate: `${url}/{function}`, publish, timeoutMs: 300 });

  test.each([
    [204, { is: "handled" }],
    [500, { is: "refused", code: 500 }],
    [404, { is: "refused", code: 404 }],
    [503, { is: "unheard" }],
    [429, { is: "unheard" }],
  ])("%i", async (status, expected) => {
    await using server = await scriptedServer((_, response) => response.writeHead(status).end());
    expect(await to(server.url)).toMatchObject(expected);
  });

  test("nobody there, or no answer in time, says nothing of the event", async () => {
    expect(await to("http://127.0.0.1:1")).toMatchObject({ is: "unheard" });
    await using silentServer = await scriptedServer(() => undefined);
    expect(await to(silentServer.url)).toMatchObject({ is: "unheard", reason: expect.stringContaining("0.3 s") });
  });

  test("a reply that is no event is a refusal; one that cannot be stored makes the event come again", async () => {
    await using broken = await scriptedServer((_, response) => response.writeHead(200).end("fine"));
    expect(await to(broken.url)).toMatchObject({ is: "refused", code: 502 });
    await using replying = await scriptedServer((_, response) => {
      const { headers, body } = httpContent(event, "structured");
      response.writeHead(200, headers).end(body);
    });
    const full = () => Promise.reject(new Error("the Broker is full"));
    expect(await to(replying.url, full)).toMatchObject({
      is: "unheard",
      reason: "storing the reply: the Broker is full",
    });
  });
});

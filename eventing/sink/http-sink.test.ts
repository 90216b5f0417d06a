import { describe, expect, test } from "vitest";
import type { CloudEvent } from "../../shared/event.ts";
import { structuredJson } from "../../shared/event-codec.ts";
import type { Log } from "../../shared/function.ts";
import { manualClock } from "../../test/manual-clock.ts";
import { type Answer, scriptedServer } from "../../test/scripted-server.ts";
import { EventTooLargeError } from "../bus/bus.ts";
import { memoryCheckpoint } from "../bus/memory-checkpoint.ts";
import { systemClock } from "../clock.ts";
import { createHttpClient } from "../http-client.ts";
import { Publisher } from "../source/publisher.ts";
import { createHttpSink, type HttpSinkOptions } from "./http-sink.ts";

const silent: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const event = (id: string, accountkey = "c/a"): CloudEvent => ({
  ...{ specversion: "1.0", id, type: "t", source: "/s", accountkey },
  datacontenttype: "application/json",
  data: { id },
});

async function world(answer: Answer, options: Partial<HttpSinkOptions> = {}) {
  const server = await scriptedServer(answer);
  const client = createHttpClient({ maxSockets: 8 });
  const sink = createHttpSink({
    ...{ client, url: `${server.url}/ns/broker`, mode: "binary", extensions: {}, timeoutMs: 2_000 },
    checkpoint: memoryCheckpoint(),
    ...options,
  });
  const signal = new AbortController().signal;
  const backoff = { minMs: 1, maxMs: 2 };
  const publisher = new Publisher({
    ...{ bus: sink, log: silent, signal, backoff, clock: systemClock, random: () => 0, inOrder: true },
  });
  return {
    ...{ server, sink, publisher },
    async [Symbol.asyncDispose]() {
      await sink.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

const ids = (seen: readonly { readonly headers: Readonly<Record<string, unknown>> }[]) =>
  seen.map(({ headers }) => headers["ce-id"]);

describe("publishing to the ingress of a Broker", () => {
  test("in binary mode, with the extensions that K_CE_OVERRIDES asks for", async () => {
    await using each = await world((_, response) => response.writeHead(202).end(), { extensions: { env: "prod" } });
    await each.sink.publish(event("1"));
    expect(each.server.seen[0]).toMatchObject({
      method: "POST",
      headers: { "ce-id": "1", "ce-accountkey": "c/a", "ce-env": "prod", "content-type": "application/json" },
      body: `{"id":"1"}`,
    });
    expect(each.server.seen[0]?.url.pathname).toBe("/ns/broker");
  });

  test("in structured mode", async () => {
    await using each = await world((_, response) => response.writeHead(202).end(), { mode: "structured" });
    await each.sink.publish(event("1"));
    expect(each.server.seen[0]?.headers["content-type"]).toBe(structuredJson);
    expect(JSON.parse(each.server.seen[0]?.body ?? "")).toMatchObject({ id: "1", data: { id: "1" } });
  });

  test.each([301, 400, 401, 404, 409, 429, 500, 502, 503])(
    "%i is not published: it is tried again until 2xx",
    async (status) => {
      let left = 3;
      await using each = await world((_, response) => response.writeHead(left-- > 0 ? status : 202).end("no"));
      await each.publisher.publish(event("1"));
      expect(each.server.seen).toHaveLength(4);
      expect(each.sink.connected).toBe(true);
    },
  );

  test("is not connected after a refusal, and says what was answered", async () => {
    await using each = await world((_, response) => response.writeHead(503).end("no channel"));
    await expect(each.sink.publish(event("1"))).rejects.toThrow(/\/ns\/broker answers 503 to 1: no channel/);
    expect(each.sink.connected).toBe(false);
  });

  test("nobody there is told in words", async () => {
    await using each = await world((_, response) => response.socket?.destroy());
    await expect(each.sink.publish(event("1"))).rejects.toThrow(/posting to http:.*: /);
  });

  test("decisions 5: what the Broker finds too large goes out without data", async () => {
    await using each = await world(({ body }, response) => response.writeHead(body.length > 20 ? 413 : 202).end());
    await each.publisher.publish({ ...event("1"), data: { text: "x".repeat(100) } });
    expect(each.server.seen.map(({ body }) => body.length)).toEqual([111, 0]);
    expect(each.server.seen[1]?.headers).toMatchObject({ "ce-id": "1", "ce-dataomitted": "true" });
  });

  test("decisions 5: what no function would read is not even sent with data", async () => {
    await using each = await world((_, response) => response.writeHead(202).end());
    const large = { ...event("1"), data: "x".repeat(5 * 1024 * 1024) };
    await expect(each.sink.publish(large)).rejects.toThrow(EventTooLargeError);
    await each.publisher.publish(large);
    expect(each.server.seen.map(({ body }) => body.length)).toEqual([0]);
  });

  test("an account's events arrive in their order though the first is refused; those of others do not wait", async () => {
    let refusals = 3;
    await using each = await world(({ headers }, response) =>
      response.writeHead(headers["ce-id"] === "1" && refusals-- > 0 ? 503 : 202).end(),
    );
    await Promise.all([event("1"), event("2"), event("other", "c/b")].map((one) => each.publisher.publish(one)));
    const accepted = ids(each.server.seen);
    expect(accepted.filter((id) => id !== "other")).toEqual(["1", "1", "1", "1", "2"]);
    expect(accepted.indexOf("other")).toBeLessThan(2);
  });

  test("waits longer after each failure, and gives up only when the process ends", async () => {
    await using each = await world((_, response) => response.writeHead(500).end());
    const clock = manualClock();
    const stop = new AbortController();
    const publisher = new Publisher({
      ...{ bus: each.sink, log: silent, signal: stop.signal, backoff: { minMs: 100, maxMs: 400 }, clock },
      random: () => 0.999,
    });
    const publishing = publisher.publish(event("1"));
    const times: number[] = [];
    while (times.length < 5) {
      await expect.poll(() => clock.pending).toBe(1);
      const before = clock.now();
      while (clock.pending > 0) await clock.pass(10);
      times.push(clock.now() - before);
    }
    expect(times).toEqual([100, 200, 400, 400, 400]);
    stop.abort(new Error("stopping"));
    await expect(publishing).rejects.toThrow("stopping");
  });
});

import { describe, expect, test } from "vitest";
import { structuredJson } from "../../shared/event-codec.ts";
import type { Answer } from "../scripted-server.ts";
import type { Delivery } from "./objects.ts";
import { made, world } from "./world.ts";

const ok: Answer = (_, response) => response.writeHead(204).end();
const always =
  (status: number, headers: Record<string, string> = {}): Answer =>
  (_, response) =>
    response.writeHead(status, headers).end(status < 300 ? undefined : "no");
const exponential: Delivery = { retry: 3, backoffPolicy: "exponential", backoffDelay: "PT1S" };

/** Milliseconds between one and the next. */
const gaps = (times: readonly number[]): number[] => times.slice(1).map((time, index) => time - (times[index] ?? 0));

describe("the double's delivery", () => {
  test("broker, Delivery: attributes and data arrive as they were produced, in binary mode, with Prefer: reply", async () => {
    await using each = await world();
    const seen = await each.subscribe(ok);
    await each.produce(made("1", { subject: "ä b", traceparent: "00-1-2-01", accountkey: "c/n" }), "structured");
    await each.until(() => each.ended.length === 1);
    expect(seen[0]?.headers).toMatchObject({
      "ce-id": "1",
      "ce-type": "test.thing",
      "ce-subject": "%C3%A4%20b",
      "ce-traceparent": "00-1-2-01",
      "ce-accountkey": "c/n",
      prefer: "reply",
    });
    expect(seen[0]?.headers["ce-knativebrokerttl"]).toBeUndefined();
    expect(JSON.parse(seen[0]?.body ?? "")).toEqual({ id: "1" });
  });

  test("delivery format json: in structured mode", async () => {
    await using each = await world();
    const seen = await each.subscribe(ok, { delivery: { format: "json" } });
    await each.produce(made("1"));
    await each.until(() => each.ended.length === 1);
    expect(seen[0]?.headers["content-type"]).toBe(structuredJson);
  });

  test.each([
    [200, "delivered", 1],
    [202, "delivered", 1],
    [204, "delivered", 1],
    [301, "dropped", 1],
    [400, "dropped", 1],
    [401, "dropped", 1],
    [404, "dropped", 4],
    [408, "dropped", 4],
    [409, "dropped", 4],
    [429, "dropped", 4],
    [500, "dropped", 4],
    [503, "dropped", 4],
  ])(
    "data plane, Event Acknowledgement and Delivery Retry: %i ends as %s after %i attempts",
    async (status, how, attempts) => {
      await using each = await world();
      const seen = await each.subscribe(always(status), { delivery: exponential });
      await each.produce(made("1"));
      await each.until(() => each.ended.length === 1);
      expect(each.ended).toEqual([`trigger-1 1 ${how}`]);
      expect(seen).toHaveLength(attempts);
    },
  );

  test("control plane, DeliverySpec: exponential pauses double, linear ones stay the same", async () => {
    await using doubling = await world();
    await doubling.subscribe(always(500), { delivery: exponential });
    await doubling.produce(made("1"));
    await doubling.until(() => doubling.ended.length === 1);
    expect(gaps(doubling.times)).toEqual([1000, 2000, 4000]);

    await using same = await world();
    await same.subscribe(always(500), { delivery: { retry: 3, backoffPolicy: "linear", backoffDelay: "PT0.5S" } });
    await same.produce(made("1"));
    await same.until(() => same.ended.length === 1);
    expect(gaps(same.times)).toEqual([500, 500, 500]);
  });

  test("control plane, DeliverySpec: without one there is no retry", async () => {
    await using each = await world();
    const seen = await each.subscribe(always(500));
    await each.produce(made("1"));
    await each.until(() => each.ended.length === 1);
    expect(seen).toHaveLength(1);
  });

  test("broker, Delivery Spec: that of the Broker holds where a Trigger has none, and not at all where it has any", async () => {
    await using each = await world({}, { delivery: { retry: 2 } });
    const silent = await each.subscribe(always(500));
    const saying = await each.subscribe(always(500), { delivery: { backoffPolicy: "linear" } });
    await each.produce(made("1"));
    await each.until(() => each.ended.length === 2);
    expect([silent.length, saying.length]).toEqual([3, 1]);
  });

  test("Retry-After is heeded up to retryAfterMax, and not without it", async () => {
    const waits = async (delivery: Delivery) => {
      await using each = await world();
      await each.subscribe(always(503, { "retry-after": "30" }), {
        delivery: { ...exponential, retry: 1, ...delivery },
      });
      await each.produce(made("1"));
      await each.until(() => each.ended.length === 1);
      return gaps(each.times)[0];
    };
    expect(await waits({})).toBe(1000);
    expect(await waits({ retryAfterMax: "PT1M" })).toBe(30_000);
    expect(await waits({ retryAfterMax: "PT10S" })).toBe(10_000);
    expect(await waits({ retryAfterMax: "PT0S" })).toBe(1000);
  });

  test("delivery timeout: an attempt without an answer in time is tried again", async () => {
    await using each = await world();
    const seen = await each.subscribe((_, response) => seen.length > 1 && response.writeHead(204).end(), {
      delivery: { retry: 1, timeout: "PT0.2S" },
    });
    await each.produce(made("1"));
    await each.until(() => each.ended.length === 1);
    expect(each.ended).toEqual(["trigger-1 1 delivered"]);
    expect(seen).toHaveLength(2);
  });

  test("control plane, Content Based Routing: one delivery for each Trigger that matches, also to the same subscriber", async () => {
    await using each = await world();
    const seen = await each.subscribe(ok);
    await each.subscribe(ok, { filter: { attributes: { type: "other" } } });
    await each.subscribe(ok, { filter: { attributes: { type: "test.thing" } } });
    await each.produce(made("1"));
    await each.until(() => each.ended.length === 2);
    expect(each.ended.toSorted()).toEqual(["trigger-1 1 delivered", "trigger-3 1 delivered"]);
    expect(seen).toHaveLength(1);
  });

  test("an ordered Trigger gets the next event only after the last is done with; an unordered one at once", async () => {
    await using each = await world();
    const fails: Answer = ({ headers }, response) =>
      response.writeHead(headers["ce-id"] === "1" && each.ended.length < 1 ? 500 : 204).end();
    const ordered = await each.subscribe(fails, { isOrdered: true, delivery: { ...exponential, retry: 1 } });
    await each.produce(made("1"));
    await each.produce(made("2"));
    await each.until(() => each.ended.length === 2);
    expect(ordered.map(({ headers }) => headers["ce-id"])).toEqual(["1", "1", "2"]);
  });
});

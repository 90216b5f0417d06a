import { describe, expect, test } from "vitest";
import type { CloudEvent } from "../../shared/event.ts";
import { httpContent } from "../../shared/http-event.ts";
import { type Answer, scriptedServer } from "../scripted-server.ts";
import { made, world } from "./world.ts";

const ok: Answer = (_, response) => response.writeHead(204).end();
const replying =
  (event: CloudEvent, status = 200): Answer =>
  (_, response) => {
    const { headers, body } = httpContent(event, "structured");
    response.writeHead(status, headers).end(body);
  };
const only = (type: string) => ({ filter: { attributes: { type } } });

describe("what a subscriber replies", () => {
  test("data plane, Derived (Reply) Events: comes back into the Broker and goes to all Triggers that match", async () => {
    await using each = await world();
    await each.subscribe(replying(made("1/reply", { type: "test.done" })), only("test.thing"));
    const seen = await each.subscribe(ok, only("test.done"));
    await each.produce(made("1"));
    await each.until(() => each.ended.length === 2);
    expect(seen.map(({ headers, body }) => [headers["ce-id"], body])).toEqual([["1/reply", `{"id":"1/reply"}`]]);
  });

  test("data plane, Derived (Reply) Events: an event with 202 is no reply", async () => {
    await using each = await world();
    await each.subscribe(replying(made("1/reply", { type: "test.done" }), 202), only("test.thing"));
    const seen = await each.subscribe(ok, only("test.done"));
    await each.produce(made("1"));
    await each.until(() => each.ended.length === 1);
    await each.double.idle();
    expect(seen).toHaveLength(0);
  });

  test("broker, Delivery: a 2xx whose body is no event counts as a failed delivery", async () => {
    await using each = await world();
    const seen = await each.subscribe((_, response) => response.writeHead(200).end("fine"), { delivery: { retry: 2 } });
    await each.produce(made("1"));
    await each.until(() => each.ended.length === 1);
    expect(each.ended).toEqual(["trigger-1 1 dropped"]);
    expect(seen).toHaveLength(3);
  });

  test("the multi-tenant Broker's TTL ends a loop after 255 turns, and hands the last event to the dead letters", async () => {
    await using each = await world();
    let n = 0;
    await using sink = await scriptedServer(ok);
    const delivery = { deadLetterSink: { uri: sink.url } };
    const answer: Answer = (...args) => replying(made(`reply-${++n}`))(...args);
    const seen = await each.subscribe(answer, { deadLetterUri: sink.url, delivery });
    await each.produce(made("1"));
    await each.until(() => each.ended.some((line) => !line.endsWith("delivered")));
    expect(seen).toHaveLength(255);
    expect(sink.seen.map(({ headers }) => headers["ce-id"])).toEqual(["reply-254"]);
  });

  test("control plane, Content Based Routing: a reply is evaluated against the Trigger that it came from too", async () => {
    await using each = await world();
    let n = 0;
    const seen = await each.subscribe((seenOne, response) =>
      (++n < 3 ? replying(made(`again-${n}`)) : ok)(seenOne, response),
    );
    await each.produce(made("1"));
    await each.until(() => each.ended.length === 3);
    expect(seen.map(({ headers }) => headers["ce-id"])).toEqual(["1", "again-1", "again-2"]);
  });
});

describe("dead letters", () => {
  test("control plane, Event Delivery: the event goes to the sink with what went wrong, data base64 and cut at 1,024", async () => {
    await using each = await world();
    const letters: { id: unknown; dest: unknown; code: unknown; data: string }[] = [];
    await using sink = await scriptedServer(({ headers }, response) => {
      letters.push({
        id: headers["ce-id"],
        dest: headers["ce-knativeerrordest"],
        code: headers["ce-knativeerrorcode"],
        data: String(headers["ce-knativeerrordata"]),
      });
      expect(headers.prefer).toBeUndefined();
      response.writeHead(202).end();
    });
    const body = "broken ".repeat(300);
    await each.subscribe((_, response) => response.writeHead(500).end(body), {
      deadLetterUri: `${sink.url}/letters`,
      delivery: { retry: 1, deadLetterSink: { uri: `${sink.url}/letters` } },
    });
    await each.produce(made("1"));
    await each.until(() => each.ended.length === 1);
    expect(each.ended).toEqual(["trigger-1 1 dead letter"]);
    const [letter] = letters;
    expect(letter).toMatchObject({ id: "1", code: "500", dest: expect.stringMatching(/^http:\/\/127\.0\.0\.1/) });
    expect(letter?.data).toHaveLength(1024);
    expect(body.startsWith(Buffer.from(letter?.data ?? "", "base64").toString())).toBe(true);
  });

  test("control plane, Event Delivery: a sink that fails is tried again as often, then the event is dropped", async () => {
    await using each = await world();
    await using sink = await scriptedServer((_, response) => response.writeHead(503).end());
    await each.subscribe((_, response) => response.writeHead(400).end(), {
      deadLetterUri: sink.url,
      delivery: { retry: 2, deadLetterSink: { uri: sink.url } },
    });
    await each.produce(made("1"));
    await each.until(() => each.ended.length === 1);
    expect(each.ended).toEqual(["trigger-1 1 dropped"]);
    expect(sink.seen).toHaveLength(3);
  });
});

import { expect, test } from "vitest";
import type { CloudEvent } from "../../shared/event.ts";
import { type Answer, scriptedServer } from "../../test/scripted-server.ts";
import { createSchedule } from "./scheduler.ts";
import { createSink } from "./sink.ts";

const event: CloudEvent = { specversion: "1.0", id: "1", type: "t", source: "s", subject: "ü" };
const answering =
  (status: number): Answer =>
  (_, response) =>
    void response.writeHead(status).end();

test("K_SINK gets each event", async () => {
  await using server = await scriptedServer(answering(202));
  await createSink(`${server.url}/broker?x=1`)(Array.from({ length: 40 }, (_, n) => ({ ...event, id: `e${n}` })));
  expect(server.seen).toHaveLength(40);
  expect(server.seen[0]).toMatchObject({ method: "POST", headers: { "content-type": "application/cloudevents+json" } });
  expect(server.seen[0]?.url.href).toContain("/broker?x=1");
  const ids = server.seen.map(({ body }) => JSON.parse(body).id);
  expect(new Set(ids).size).toBe(40);
});

test("decisions 41: the scheduler gets the event, for whom it is, and when", async () => {
  await using server = await scriptedServer(answering(202));
  await createSchedule(`${server.url}/`)("nudge-workspace", event, 1500.4);
  expect(server.seen[0]?.url.pathname).toBe("/schedule/nudge-workspace");
  expect(server.seen[0]?.url.search).toBe("?afterMs=1500");
  expect(JSON.parse(server.seen[0]?.body ?? "")).toEqual(event);
});

test.each([
  [500, "posting t to K_SINK: the answer is 500"],
  [404, "posting t to K_SINK: the answer is 404"],
  [301, "posting t to K_SINK: the answer is 301"],
])("a K_SINK that answers %i has not taken it", async (status, message) => {
  await using server = await scriptedServer(answering(status));
  await expect(createSink(server.url)([event])).rejects.toThrow(message);
});

test("one that is not there has not taken it either", async () => {
  const gone = await scriptedServer(answering(202));
  await gone[Symbol.asyncDispose]();
  await expect(createSink(gone.url)([event])).rejects.toThrow(/^posting t to K_SINK: .*ECONNREFUSED/);
});

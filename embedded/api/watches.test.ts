import { afterAll, beforeAll, expect, test } from "vitest";
import { at, type JsonObject, shown } from "../json.ts";
import { soon, TestServer } from "../test-client.ts";

let server: TestServer;
const maps = "/clusters/root/api/v1/namespaces/default/configmaps";
const opened: AbortController[] = [];

beforeAll(async () => {
  server = await TestServer.start({ bookmarkMs: 20 });
});
afterAll(async () => {
  for (const each of opened) each.abort();
  await server[Symbol.asyncDispose]();
});

/** Events of a watch, as they come. */
async function watch(query: string): Promise<JsonObject[]> {
  const events: JsonObject[] = [];
  const abort = new AbortController();
  opened.push(abort);
  const { url, adminToken } = server.embedded;
  const response = await fetch(`${url}${maps}?watch=true&${query}`, {
    headers: { authorization: `Bearer ${adminToken}` },
    signal: abort.signal,
  });
  const read = async () => {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of response.body ?? []) {
      rest += decoder.decode(chunk, { stream: true });
      const lines = rest.split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) events.push(JSON.parse(line));
    }
  };
  void read().catch(() => undefined);
  return events;
}

const create = (name: string, labels = {}) =>
  server.raw("POST", maps, { apiVersion: "v1", kind: "ConfigMap", metadata: { name, labels } });
const seen = (events: readonly JsonObject[]) =>
  events.map(({ type, object }) =>
    `${shown(type)} ${shown(at(object, "metadata", "name") ?? at(object, "code"))}`.trim(),
  );

test("a watch resumes after the version it names, and follows", async () => {
  const { body } = await create("one");
  await create("two");
  const events = await watch(`resourceVersion=${shown(at(body, "metadata", "resourceVersion"))}`);
  await create("three");
  await server.raw("DELETE", `${maps}/two`);
  await soon(() => (events.length >= 3 ? true : undefined));
  expect(seen(events)).toEqual(["ADDED two", "ADDED three", "DELETED two"]);
});

test("an object that leaves the selection is told as deleted", async () => {
  const events = await watch(`labelSelector=team&resourceVersion=${server.embedded.store.revision}`);
  await create("picked", { team: "a" });
  const patch = { metadata: { labels: null } };
  await server.raw("PATCH", `${maps}/picked`, patch, { type: "application/merge-patch+json" });
  await soon(() => (events.length >= 2 ? true : undefined));
  expect(seen(events)).toEqual(["ADDED picked", "DELETED picked"]);
});

test("bookmarks tell the present version; a version that was forgotten is answered 410", async () => {
  const before = server.embedded.store.revision;
  const events = await watch(`allowWatchBookmarks=true&resourceVersion=${before}`);
  await soon(() => (events.length >= 1 ? true : undefined));
  expect(events[0]).toMatchObject({ type: "BOOKMARK", object: { metadata: { resourceVersion: String(before) } } });
  await create("later");
  server.embedded.compact();
  const late = await watch(`resourceVersion=${before}`);
  await soon(() => (late.length >= 1 ? true : undefined));
  expect(late[0]).toMatchObject({ type: "ERROR", object: { code: 410, reason: "Expired" } });
});

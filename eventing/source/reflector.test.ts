import type { ServerResponse } from "node:http";
import { expect, test } from "vitest";
import { createHttp } from "../../shared/kcp/http.ts";
import { type Seen, scriptedServer, sendJson } from "../../test/scripted-server.ts";
import { systemClock } from "../clock.ts";
import { reflect } from "./reflector.ts";
import type { Timing } from "./watch.ts";

const timing: Timing = {
  watchMs: 60_000,
  idleMs: 200,
  requestMs: 1_000,
  backoff: { minMs: 1, maxMs: 5 },
  tickMs: 5,
  clock: systemClock,
  random: Math.random,
};
const object = (name: string, version: number) => ({
  apiVersion: "v1",
  kind: "Thing",
  metadata: { name, uid: name, resourceVersion: String(version), managedFields: [] },
});
const line = (type: string, content: object) => `${JSON.stringify({ type, object: content })}\n`;
const list = (response: ServerResponse, version: number, ...names: string[]) =>
  sendJson(response, 200, {
    apiVersion: "v1",
    kind: "ThingList",
    metadata: { resourceVersion: String(version) },
    items: names.map((name) => ({ metadata: object(name, version).metadata })),
  });

type Watch = (response: ServerResponse) => void;
interface Script {
  /** What each list and each watch answers, in turn; the last watch stays open. */
  readonly lists?: readonly ((response: ServerResponse) => void)[];
  readonly watches: readonly Watch[];
}

/** Plays a script until `calls` were made to the observer, and answers them with the requests that led to them. */
async function play(script: Script, calls: number) {
  let lists = 0;
  let watches = 0;
  await using server = await scriptedServer(({ url }: Seen, response) => {
    if (!url.searchParams.has("watch")) {
      const answer = script.lists?.[lists++] ?? ((to: ServerResponse) => list(to, 1));
      return answer(response);
    }
    const answer = script.watches[watches++];
    if (answer) answer(response);
    else response.writeHead(200).flushHeaders();
  });
  const stop = new AbortController();
  const told: string[] = [];
  const reasons: string[] = [];
  const tell = async (what: string) => {
    if (told.push(what) >= calls) stop.abort();
  };
  await reflect(
    {
      http: createHttp({ tls: {}, headers: async () => ({}) }),
      url: `${server.url}/things`,
      timing,
      signal: AbortSignal.any([stop.signal, AbortSignal.timeout(3_000)]),
    },
    {
      listed: ({ objects }) => tell(`list ${objects.map(({ kind, metadata }) => kind + metadata.name).join()}`),
      changed: (change) => tell(`${change.type} ${change.object.metadata.name}`),
      connected: () => undefined,
      disconnected: (reason) => reasons.push(reason),
    },
  );
  const versions = server.seen.map(({ url }) => url.searchParams.get("resourceVersion") ?? "list");
  return { told, reasons, versions };
}

test("lists, then watches from there, with bookmarks and a limit in time", async () => {
  const { told, versions } = await play(
    { lists: [(to) => list(to, 7, "a", "b")], watches: [(to) => to.write(line("ADDED", object("c", 8)))] },
    2,
  );
  expect(told).toEqual(["list Thinga,Thingb", "ADDED c"]);
  expect(versions).toEqual(["list", "7"]);
});

test("a watch that ended is resumed after the last bookmark", async () => {
  const { told, versions, reasons } = await play(
    {
      watches: [
        (to) => to.end(line("MODIFIED", object("a", 5)) + line("BOOKMARK", { metadata: { resourceVersion: "9" } })),
        (to) => to.write(line("DELETED", object("a", 10))),
      ],
    },
    3,
  );
  expect(told).toEqual(["list ", "MODIFIED a", "DELETED a"]);
  expect(versions).toEqual(["list", "1", "9"]);
  expect(reasons).toEqual([]);
});

test.each([
  [
    "an ERROR line",
    (to: ServerResponse) => to.end(line("ERROR", { code: 410, reason: "Expired", message: "too old" })),
  ],
  ["the status 410", (to: ServerResponse) => sendJson(to, 410, { reason: "Expired", message: "too old" })],
])("after %s all is listed again", async (_name, expire) => {
  const lists = [(to: ServerResponse) => list(to, 1, "a"), (to: ServerResponse) => list(to, 20, "b")];
  const { told, versions, reasons } = await play({ lists, watches: [expire] }, 2);
  expect(told).toEqual(["list Thinga", "list Thingb"]);
  expect(versions).toEqual(["list", "1", "list"]);
  expect(reasons).toEqual(["too old"]);
});

const lateEnd = (to: ServerResponse) => to.end(`${line("ADDED", object("a", 5))}{"type":"ADDED"`);
const breaks = (to: ServerResponse) => to.write(line("ADDED", object("a", 5)), () => to.destroy());

test.each([
  ["a broken connection", breaks],
  ["a line of garbage", (to: ServerResponse) => to.write(`${line("ADDED", object("a", 5))}{"type":\n`)],
  ["an object without name", (to: ServerResponse) => to.write(`${line("ADDED", object("a", 5))}${line("ADDED", {})}`)],
])("after %s the watch goes on where it was, once the server knows that version", async (_name, fail) => {
  const lists = [(to: ServerResponse) => list(to, 1), (to: ServerResponse) => list(to, 9)];
  const watches = [fail, (to: ServerResponse) => to.write(line("ADDED", object("b", 6)))];
  const { told, versions } = await play({ lists, watches }, 3);
  expect(told).toEqual(["list ", "ADDED a", "ADDED b"]);
  expect(versions).toEqual(["list", "1", "list", "5"]);
});

test("after half a line the watch goes on where it was", async () => {
  const watches = [lateEnd, (to: ServerResponse) => to.write(line("ADDED", object("b", 6)))];
  const { told, versions } = await play({ watches }, 3);
  expect(told).toEqual(["list ", "ADDED a", "ADDED b"]);
  expect(versions).toEqual(["list", "1", "5"]);
});

test("a server made anew, which has not come to our version yet, is listed", async () => {
  const lists = [1, 3, 3].map((version) => (to: ServerResponse) => list(to, version, "c"));
  const { told, versions } = await play({ lists, watches: [breaks] }, 3);
  expect(told).toEqual(["list Thingc", "ADDED a", "list Thingc"]);
  expect(versions).toEqual(["list", "1", "list", "list"]);
});

test("a watch that says nothing for long is opened anew, and that is no failure", async () => {
  const silent = (to: ServerResponse) => void to.write(line("ADDED", object("a", 5)));
  const { told, versions, reasons } = await play(
    { watches: [silent, (to) => to.write(line("ADDED", object("b", 6)))] },
    3,
  );
  expect(told).toEqual(["list ", "ADDED a", "ADDED b"]);
  expect(versions).toEqual(["list", "1", "5"]);
  expect(reasons).toEqual([]);
});

test("a list longer than a page is read to its end", async () => {
  const page = (to: ServerResponse, name: string, next: string) =>
    sendJson(to, 200, {
      apiVersion: "v1",
      kind: "ThingList",
      metadata: { resourceVersion: "3", continue: next },
      items: [{ metadata: object(name, 1).metadata }],
    });
  const { told } = await play({ lists: [(to) => page(to, "a", "more"), (to) => page(to, "b", "")], watches: [] }, 1);
  expect(told).toEqual(["list Thinga,Thingb"]);
});

test("a server that is away is asked until it is back", async () => {
  const away = (to: ServerResponse) => void to.destroy();
  const busy = (to: ServerResponse) => sendJson(to, 503, { message: "starting" });
  const { told, reasons } = await play({ lists: [away, busy, (to) => list(to, 3, "a")], watches: [] }, 1);
  expect(told).toEqual(["list Thinga"]);
  expect(reasons).toEqual(["socket hang up", "starting"]);
});

test("while the observer is busy, silence is not taken for a broken connection", async () => {
  await using server = await scriptedServer(({ url }, response) => {
    if (url.searchParams.has("watch")) response.write(line("ADDED", object("a", 5)) + line("ADDED", object("b", 6)));
    else list(response, 1);
  });
  const stop = new AbortController();
  const reasons: string[] = [];
  await reflect(
    { http: createHttp({ tls: {}, headers: async () => ({}) }), url: server.url, timing, signal: stop.signal },
    {
      listed: async () => undefined,
      changed: async ({ object: { metadata } }) => {
        if (metadata.name === "b") stop.abort();
        await new Promise((resolve) => setTimeout(resolve, timing.idleMs * 1.5));
      },
      connected: () => undefined,
      disconnected: (reason) => reasons.push(reason),
    },
  );
  expect(reasons).toEqual([]);
});

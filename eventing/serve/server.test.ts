import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import type { Listening } from "../http-server.ts";
import { type Answer, textAnswer } from "./answer.ts";
import type { Posted } from "./responder.ts";
import { maxBytes, type ServerOptions, serveFunctions } from "./server.ts";

let server: Listening | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function serve(more: Partial<ServerOptions> = {}) {
  const posted: Posted[] = [];
  server = await serveFunctions({
    address: { host: "127.0.0.1", port: 0 },
    respond: async (each) => {
      posted.push(each);
      return { status: 204, headers: { "account-functions-outcome": "done" }, body: "" };
    },
    missing: () => [],
    log: { debug() {}, info() {}, warn() {}, error() {} },
    ...more,
  });
  return { posted, port: server.port };
}

interface Asked {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
}
interface Got {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}
function ask({ method = "POST", path = "/", headers = {}, body }: Asked = {}): Promise<Got> {
  const { promise, resolve, reject } = Promise.withResolvers<Got>();
  const port = server?.port ?? 0;
  const sent = request({ host: "127.0.0.1", port, method, path, headers, agent: false }, async (response) => {
    let text = "";
    for await (const chunk of response.setEncoding("utf8")) text += chunk;
    resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
  });
  sent.on("error", reject);
  sent.end(body);
  return promise;
}

describe("functions-and-events 1: what Knative needs of a server", () => {
  test("an event that is posted comes with its path, its headers and all of its body", async () => {
    const { posted } = await serve();
    const body = Buffer.alloc(maxBytes, "x");
    expect(await ask({ path: "/a-function?x=1", headers: { "ce-id": "1" }, body })).toMatchObject({
      status: 204,
      text: "",
      headers: { "account-functions-outcome": "done" },
    });
    expect(posted[0]?.path).toBe("/a-function");
    expect([...(posted[0]?.headers ?? [])]).toContainEqual(["ce-id", "1"]);
    expect(posted[0]?.body.byteLength).toBe(maxBytes);
  });

  test.each([
    ["that says so", { "content-length": String(maxBytes + 1) }],
    ["that is found out", { "transfer-encoding": "chunked" }],
  ])("a body of more than 4 MiB %s is refused", async (_, headers) => {
    const { posted } = await serve();
    const body = Buffer.alloc(5 * maxBytes);
    const length = "content-length" in headers ? { "content-length": String(body.byteLength) } : headers;
    // All of it is read: who is still writing would not get the answer otherwise, and send it again.
    expect(await ask({ headers: length, body })).toMatchObject({ status: 413 });
    expect(posted).toEqual([]);
    expect((await ask({ body: "x" })).status).toBe(204);
  });

  test.each(["GET", "PUT", "DELETE", "OPTIONS", "HEAD"])("%s is no way to bring one", async (method) => {
    await serve();
    expect(await ask({ method })).toMatchObject({ status: 405, headers: { allow: "POST" } });
  });

  test("it lives as long as it answers, and is ready when nothing is missing", async () => {
    let missing: readonly string[] = ["kcp: not reached yet"];
    await serve({ missing: () => missing });
    const health = (path: string, method = "GET") => ask({ method, path: `/health/${path}` });
    expect(await health("readiness")).toMatchObject({ status: 503, text: "not ready: kcp: not reached yet\n" });
    expect(await health("liveness")).toMatchObject({ status: 200, text: "ok\n" });
    missing = [];
    expect(await health("readiness")).toMatchObject({ status: 200 });
    expect(await health("readiness", "HEAD")).toMatchObject({ status: 200, text: "" });
    expect(await health("other")).toMatchObject({ status: 404 });
    expect(await health("liveness", "POST")).toMatchObject({ status: 405, headers: { allow: "GET, HEAD" } });
  });

  test("what breaks inside is told to nobody outside", async () => {
    await serve({ respond: async () => Promise.reject(new Error("the password is 1234")) });
    expect(await ask()).toMatchObject({ status: 500, text: "failed\n" });
  });

  test("a port that is taken is named, with the flag", async () => {
    const { port } = await serve();
    await expect(serveFunctions({ ...silent, address: { host: "127.0.0.1", port } })).rejects.toThrow(
      `listening on 127.0.0.1:${port}: another process uses this port; choose another address with --port`,
    );
  });
});

const silent: ServerOptions = {
  address: { host: "127.0.0.1", port: 0 },
  respond: async () => textAnswer(204, ""),
  missing: () => [],
  log: { debug() {}, info() {}, warn() {}, error() {} },
};

/** What the server says to bytes that end there. */
async function say(text: string): Promise<string> {
  const socket = connect(server?.port ?? 0, "127.0.0.1");
  await once(socket, "connect");
  socket.write(text);
  let answer = "";
  socket.setEncoding("utf8").on("data", (chunk: string) => {
    answer += chunk;
  });
  await once(socket, "close");
  return answer;
}

describe("clients that keep a server waiting", () => {
  test("are answered 408 in the headers and in the body", async () => {
    await serve({ patienceMs: 100 });
    const answers = await Promise.all([
      say("POST / HTTP/1.1\r\nhost: x\r\n"),
      say("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc"),
    ]);
    for (const answer of answers) expect(answer).toMatch(/^HTTP\/1.1 408 /);
    expect((await ask()).status).toBe(204);
  });

  test("and those that go away hold nothing", async () => {
    const { posted } = await serve();
    const socket = connect(server?.port ?? 0, "127.0.0.1");
    await once(socket, "connect");
    socket.write("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc", () => socket.destroy());
    await once(socket, "close");
    expect((await ask()).status).toBe(204);
    expect(posted).toHaveLength(1);
  });
});

test("closing waits for answers that are under way, and for no idle connection", async () => {
  const held = Promise.withResolvers<Answer>();
  const asked = Promise.withResolvers<void>();
  await serve({
    respond: () => {
      asked.resolve();
      return held.promise;
    },
  });
  const idle = connect(server?.port ?? 0, "127.0.0.1");
  await once(idle, "connect");
  const answer = ask();
  await asked.promise;
  const closed = server?.close();
  held.resolve(textAnswer(200, "done"));
  expect(await answer).toMatchObject({ status: 200, text: "done\n" });
  await closed;
});

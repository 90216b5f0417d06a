import { once } from "node:events";
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, expect, test } from "vitest";
import { freePorts } from "../../ports.ts";
import { ingress } from "./ingress-object.ts";
import { createProxy } from "./proxy.ts";
import { RouteTable } from "./route-table.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

async function listen(server: Server, port = 0): Promise<number> {
  servers.push(server);
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** Answers with what it was asked. */
const echo = (): Server =>
  createServer((asked, answer) => {
    const { method, url, headers } = asked;
    const reply = (body: string) =>
      answer.writeHead(202, { "x-answer": "yes" }).end(JSON.stringify({ method, url, headers, body }));
    text(asked).then(reply, () => answer.destroy());
  });

const backend = { serviceNamespace: "default", serviceName: "hello-1", servicePort: 80 };
const table = new RouteTable();
table.set(
  "default/hello",
  ingress.parse({
    metadata: { name: "hello", namespace: "default" },
    spec: {
      rules: [
        {
          hosts: ["hello.default"],
          http: { paths: [{ splits: [{ ...backend, appendHeaders: { "Knative-Serving-Revision": "hello-1" } }] }] },
        },
      ],
    },
  }),
);

const proxyTo = (port: number | undefined, isReady = true) =>
  listen(
    createProxy({
      table,
      addressOf: () => Promise.resolve(port === undefined ? undefined : { host: "127.0.0.1", port }),
      isReady: () => isReady,
    }),
  );

async function ask(port: number, { host = "hello.default", path = "/", body = "" } = {}) {
  const sent = request({ host: "127.0.0.1", port, path, method: "POST", headers: { host }, agent: false });
  sent.end(body);
  const [answer] = await once(sent, "response");
  return { status: answer.statusCode, headers: answer.headers, text: await text(answer) };
}

test("hands a request to its backend and the answer back, with the headers of the route", async () => {
  const proxy = await proxyTo(await listen(echo()));
  const answer = await ask(proxy, { path: "/a?b=c", body: "event" });
  expect(answer).toMatchObject({ status: 202, headers: { "x-answer": "yes" } });
  expect(JSON.parse(answer.text)).toMatchObject({
    method: "POST",
    url: "/a?b=c",
    body: "event",
    headers: { host: "hello.default", "knative-serving-revision": "hello-1", "x-forwarded-proto": "http" },
  });
});

test("a body of 4 MiB arrives whole", async () => {
  const proxy = await proxyTo(await listen(echo()));
  const body = "x".repeat(4 * 1024 * 1024);
  expect(JSON.parse((await ask(proxy, { body })).text).body).toHaveLength(body.length);
});

test("waits for a backend that refuses connections for a moment", async () => {
  const [port = 0] = await freePorts(1);
  const proxy = await proxyTo(port);
  const answer = ask(proxy);
  await listen(echo(), port);
  expect((await answer).status).toBe(202);
});

test.each([
  ["404 for a host that has no route", 1, { host: "nobody.default" }, 404],
  ["502 for a service without address", undefined, {}, 502],
])("says %s", async (_what, port, asked, status) => {
  expect((await ask(await proxyTo(port), asked)).status).toBe(status);
});

test.each([
  [true, 200],
  [false, 503],
])("tells whether it knows all routes: %s", async (isReady, status) => {
  const proxy = await proxyTo(1, isReady);
  expect((await ask(proxy, { host: "127.0.0.1", path: "/healthz" })).status).toBe(status);
});

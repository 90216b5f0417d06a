import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { get as getSecure } from "node:https";
import { Gauge, Registry } from "prom-client";
import { describe, expect, test } from "vitest";
import { serveHealth } from "./health.ts";
import { serveMetrics } from "./metrics-server.ts";

const local = { host: "127.0.0.1", port: 0 };

async function read(response: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of response.setEncoding("utf8")) text += chunk;
  return text;
}
function fetchText(url: string): Promise<{ status: number; text: string; protocol: string }> {
  return new Promise((resolve, reject) => {
    const request = url.startsWith("https:")
      ? getSecure(url, { rejectUnauthorized: false, agent: false })
      : get(url, { agent: false });
    request.on("error", reject).on("response", async (response) => {
      resolve({ status: response.statusCode ?? 0, text: await read(response), protocol: response.httpVersion });
    });
  });
}
function registry(): Registry {
  const made = new Registry();
  new Gauge({ name: "up", help: "x", registers: [made] }).set(1);
  return made;
}

describe("002-C31 health", () => {
  test("/readyz says what is missing, /healthz that the process lives", async () => {
    let missing: readonly string[] = ["bus: not connected", "kcp: not all watches are in step"];
    const server = await serveHealth(local, () => missing);
    const url = `http://127.0.0.1:${server.port}`;
    expect(await fetchText(`${url}/readyz?verbose`)).toMatchObject({
      status: 503,
      text: "not ready: bus: not connected\nnot ready: kcp: not all watches are in step\n",
    });
    expect(await fetchText(`${url}/healthz`)).toMatchObject({ status: 200, text: "ok\n" });
    missing = [];
    expect(await fetchText(`${url}/readyz`)).toMatchObject({ status: 200, text: "ok\n" });
    expect(await fetchText(`${url}/`)).toMatchObject({ status: 404 });
    await server.close();
  });

  test("a port that is taken is named, with the flag", async () => {
    const first = await serveHealth(local, () => []);
    await expect(serveHealth({ host: "127.0.0.1", port: first.port }, () => [])).rejects.toThrow(
      `listening on 127.0.0.1:${first.port}: another process uses this port; choose another address with --health-probe-bind-address`,
    );
    await first.close();
  });
});

describe("002-M12 metrics", () => {
  test("in the clear", async () => {
    const server = await serveMetrics(registry(), { address: local, secure: false, http2: true });
    expect((await fetchText(`http://127.0.0.1:${server.port}/metrics`)).text).toContain("up 1\n");
    expect(await fetchText(`http://127.0.0.1:${server.port}/`)).toMatchObject({ status: 404 });
    await server.close();
  });

  test.each([true, false])("002-C25 over HTTPS, with HTTP/2 only if wanted: %s", async (http2) => {
    const server = await serveMetrics(registry(), { address: local, secure: true, http2 });
    expect((await fetchText(`https://127.0.0.1:${server.port}/metrics`)).text).toContain("up 1\n");
    const session = connectHttp2(`https://127.0.0.1:${server.port}`, { rejectUnauthorized: false });
    const speaksHttp2 = await once(session, "connect").then(
      () => true,
      () => false,
    );
    expect(speaksHttp2).toBe(http2);
    if (http2) {
      const stream = session.request({ ":path": "/metrics" });
      const [headers] = await once(stream, "response");
      expect(headers[":status"]).toBe(200);
    }
    session.destroy();
    await server.close();
  });

  test("closing does not wait for a client that keeps its connection", async () => {
    const server = await serveMetrics(registry(), { address: local, secure: false, http2: false });
    const held = get(`http://127.0.0.1:${server.port}/metrics`, { headers: { connection: "keep-alive" } });
    held.on("error", () => {});
    await once(held, "response");
    await server.close();
  });
});

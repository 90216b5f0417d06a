import { expect, test } from "vitest";
import { encodeEvent } from "../../shared/event-codec.ts";
import { eventually } from "../../test/e2e/eventually.ts";
import { runPm } from "../../test/run-pm.ts";
import { scriptedServer, sendJson } from "../../test/scripted-server.ts";
import { freePorts } from "../../tools/ports.ts";

const event = { specversion: "1.0", id: "1", type: "io.platform-mesh.account.ready", source: "test" } as const;

/** pm serve while `work` runs, then SIGTERM. */
async function serving<T>(server: string, work: (url: string) => Promise<T>) {
  const [port = 0] = await freePorts(1);
  const end = new AbortController();
  const flags = [`--port=${port}`, "--metrics-bind-address=0", "--function=workspace-ready"];
  const running = runPm(["serve", ...flags], { server, signal: end.signal });
  try {
    return { answer: await work(`http://127.0.0.1:${port}`), ran: running };
  } finally {
    end.abort(new Error("SIGTERM"));
    await running;
  }
}
const statusOf = (url: string) => fetch(url).then(async (response) => `${response.status} ${await response.text()}`);

test("while kcp is away it lives, is not ready, tries again, and still ends well", async () => {
  const { answer, ran } = await serving("http://127.0.0.1:9", async (url) => ({
    alive: await eventually(5000, () => statusOf(`${url}/health/liveness`)),
    ready: await statusOf(`${url}/health/readiness`),
  }));
  expect(answer).toEqual({ alive: "200 ok\n", ready: "503 not ready: kcp: not reached yet\n" });
  const { code, out } = await ran;
  expect(code).toBe(0);
  expect(out).toContain("cannot work yet: ");
});

test("it is ready once kcp answers, and an event that no function takes needs nothing of it", async () => {
  await using kcp = await scriptedServer((_, response) => sendJson(response, 200, { metadata: { name: "x" } }));
  const { answer } = await serving(kcp.url, async (url) => {
    await eventually(5000, async () => expect(await statusOf(`${url}/health/readiness`)).toBe("200 ok\n"));
    const headers = { "content-type": "application/cloudevents+json" };
    const response = await fetch(url, { method: "POST", headers, body: Uint8Array.from(encodeEvent(event)) });
    return [response.status, response.headers.get("account-functions-outcome")];
  });
  expect(answer).toEqual([204, "drop"]);
});

test("what no waiting mends ends it at once, in words for people", async () => {
  await using kcp = await scriptedServer((_, response) => sendJson(response, 404, {}));
  const [port = 0] = await freePorts(1);
  const ran = await runPm(["serve", `--port=${port}`, "--metrics-bind-address=0"], { server: kcp.url });
  expect(ran.code).toBe(1);
  expect(ran.err).toContain("there is no APIExportEndpointSlice core.platform-mesh.io");
  expect(ran.err).toContain("run pm bootstrap first");
});

test("a port that is taken is named, with the flag", async () => {
  await using taken = await scriptedServer(() => {});
  const port = new URL(taken.url).port;
  const ran = await runPm(["serve", `--port=${port}`, "--metrics-bind-address=0"], { server: taken.url });
  expect(ran.code).toBe(1);
  expect(ran.err).toContain("choose another address with --port");
});

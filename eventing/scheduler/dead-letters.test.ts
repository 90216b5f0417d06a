import { expect, test } from "vitest";
import type { CloudEvent } from "../../shared/event.ts";
import type { Log } from "../../shared/function.ts";
import { httpContent } from "../../shared/http-event.ts";
import { createMetrics } from "../../shared/metrics.ts";
import { systemClock } from "../clock.ts";
import { tellDeadLetters } from "./dead-letters.ts";
import { serveScheduler } from "./server.ts";

const functions = new Set(["workspace-ready"]);
const event: CloudEvent = {
  specversion: "1.0",
  id: "root.u.7",
  type: "dev.knative.apiserver.resource.update",
  source: "https://kcp/clusters/root",
  accountkey: "root/acme",
};
const errors = {
  knativeerrordest: "http://mesh-workspace-ready.mesh",
  knativeerrorcode: "500",
  knativeerrordata: "id",
};

async function post(path: string, sent: CloudEvent | string, method = "POST") {
  const told: object[] = [];
  const log = { error: (fields: object) => told.push(fields) } as unknown as Log;
  const metrics = createMetrics();
  const server = await serveScheduler({
    address: { host: "127.0.0.1", port: 0 },
    timers: () => undefined,
    functions,
    onDeadLetter: tellDeadLetters({ functions, log, metrics }),
    clock: systemClock,
    log,
  });
  try {
    const { headers, body } = typeof sent === "string" ? { headers: {}, body: sent } : httpContent(sent, "binary");
    const init = { method, headers: { ...headers }, ...(method === "POST" && { body: Buffer.from(body ?? "") }) };
    const { status } = await fetch(`http://127.0.0.1:${server.port}${path}`, init);
    const counted = (await metrics.events.handled.get()).values.map(({ labels, value }) => ({ ...labels, value }));
    return { status, told, counted };
  } finally {
    await server.close();
  }
}

test.each([
  ["/dead-letters/workspace-ready", event, "workspace-ready"],
  ["/dead-letters", { ...event, knativeerrordest: "workspace-ready" }, "workspace-ready"],
  ["/dead-letters", { ...event, ...errors }, "other"],
  ["/dead-letters/nobody", event, "other"],
])("what a Broker could not deliver is counted and told, by function: %s", async (path, sent, name) => {
  const { status, told, counted } = await post(path, sent);
  expect(status).toBe(202);
  expect(counted).toEqual([{ function: name, outcome: "dead", value: 1 }]);
  expect(told).toMatchObject([{ function: name, event: "root.u.7", account: "root/acme", outcome: "dead" }]);
});

test("why it was given up is told with it", async () => {
  const { told } = await post("/dead-letters/workspace-ready", { ...event, ...errors });
  expect(told).toMatchObject([{ code: "500", reason: "id", dest: errors.knativeerrordest }]);
});

test.each([
  ["what is no event", "POST", 400],
  ["another method", "GET", 405],
])("%s is refused", async (_, method, code) => {
  const { status, counted } = await post("/dead-letters", "{}", method);
  expect(status).toBe(code);
  expect(counted).toEqual([]);
});

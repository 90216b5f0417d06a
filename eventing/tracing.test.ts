import { once } from "node:events";
import { createServer, type ServerHttp2Stream } from "node:http2";
import { expect, test } from "vitest";
import { startTracing } from "./tracing.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const attributes = { environment: "test", region: "eu", isLocal: true, imageName: "image", imageTag: "v1" };

/** As much of an OTLP collector as sees the bytes of one export. */
async function collector() {
  const received = Promise.withResolvers<{ path: string; body: Buffer }>();
  const server = createServer().on("stream", async (stream: ServerHttp2Stream, headers) => {
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    await once(stream, "end");
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    stream.end(Buffer.alloc(5));
    received.resolve({ path: String(headers[":path"]), body: Buffer.concat(chunks) });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return { received: received.promise, server, port: typeof address === "object" && address ? address.port : 0 };
}

test("002-C26 to C29 each handled event is a span in the trace of its event, sent by OTLP over gRPC", async () => {
  const { received, server, port } = await collector();
  const config = { serviceName: "my-service", serviceVersion: "v9", collectorEndpoint: `127.0.0.1:${port}` };
  const tracing = await startTracing(config, attributes);
  const traceparent = `00-${traceId}-b7ad6b7169203331-01`;
  const event = {
    specversion: "1.0",
    id: "event-1",
    type: "t",
    source: "s",
    accountkey: "c/acme",
    traceparent,
  } as const;
  const run = { function: "workspace-ready", event, attempt: 1, startedAt: Date.now(), waitedMs: 1 };
  tracing.dispatch.added(run.function);
  tracing.dispatch.started(run);
  tracing.dispatch.handled(run, { outcome: "retry", trouble: "error", reason: "kcp said no", ms: 5 });
  tracing.dispatch.returned(run.function);
  await tracing.shutdown();
  const { path, body } = await received;
  expect(path).toBe("/opentelemetry.proto.collector.trace.v1.TraceService/Export");
  expect(body.includes(Buffer.from(traceId, "hex"))).toBe(true);
  for (const text of ["my-service", "v9", "workspace-ready", "event-1", "kcp said no", "eu"])
    expect(body.includes(text)).toBe(true);
  server.close();
});

test("a collector that is not there delays the end by 5 s at most", async () => {
  const config = { serviceName: "s", serviceVersion: "", collectorEndpoint: "127.0.0.1:1" };
  const tracing = await startTracing(config, attributes);
  const event = { specversion: "1.0", id: "e", type: "t", source: "s" } as const;
  const run = { function: "f", event, attempt: 1, startedAt: 0, waitedMs: 0 };
  tracing.dispatch.started(run);
  tracing.dispatch.handled(run, { outcome: "done", ms: 1 });
  const started = Date.now();
  await tracing.shutdown();
  expect(Date.now() - started).toBeLessThan(5_500);
}, 10_000);

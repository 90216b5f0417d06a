/** A stand-in for the process of a function, as a program: its argument says how it behaves. */
import { createServer } from "node:http";

const [behaviour = ""] = process.argv.slice(2);
const tell = (message: object) => process.send?.(message);
process.on("disconnect", () => process.exit(1));

if (behaviour === "fails") {
  console.error("warming up");
  console.error("error: no kubeconfig");
  process.exit(2);
}
let ready = behaviour !== "never-ready";
const server = createServer((request, response) => {
  if (behaviour === "endless") setTimeout(forEver, 500);
  if (behaviour === "never-ready") console.log(JSON.stringify({ level: "info", msg: "asked" }));
  if (request.url === "/health/readiness") response.writeHead(ready ? 200 : 503).end("not ready: kcp");
  else if (request.url === "/health/liveness") response.end("ok");
  else response.end(JSON.stringify({ env: Object.keys(process.env) }));
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (behaviour === "late") {
    ready = false;
    setTimeout(() => (ready = true), 100);
  }
  if (typeof address === "object") tell({ is: "listening", port: address?.port });
  console.log(JSON.stringify({ level: "info", time: "2026-01-01T00:00:00Z", msg: "functions are served", port: 1 }));
  console.log(JSON.stringify({ level: "info", msg: "handled", outcome: "done" }));
  const failed = { outcome: "retry", event: "1", attempt: 2, againInMs: 9, err: { message: "no", stack: "at home" } };
  console.log(JSON.stringify({ level: "warn", msg: "failed, comes again", ...failed }));
  console.log("no JSON");
});
process.on("SIGTERM", () => {
  if (behaviour === "deaf") return;
  process.send?.({ is: "recorded", invocation: "{}" }, () => process.exit(0));
});

function forEver(): never {
  for (;;);
}

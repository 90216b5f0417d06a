import { createServer } from "node:http";
import { type Listening, listen } from "./http-server.ts";
import type { Address } from "./run-config.ts";

/** Answers what is still missing until work can be done; nothing when all is there. */
export type Readiness = () => readonly string[];

/** Serves /healthz and /readyz. /healthz needs no check of its own: a process whose event loop is stuck does not answer,
 *  and a dependency that is down is no reason to restart this one. */
export function serveHealth(address: Address, missing: Readiness): Promise<Listening> {
  const server = createServer((request, response) => {
    const [path] = (request.url ?? "").split("?");
    const reply = (status: number, body: string) =>
      response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(`${body}\n`);
    if (path === "/healthz") return reply(200, "ok");
    if (path !== "/readyz") return reply(404, "use /healthz or /readyz");
    const problems = missing();
    return problems.length === 0
      ? reply(200, "ok")
      : reply(503, problems.map((problem) => `not ready: ${problem}`).join("\n"));
  });
  return listen(server, address, "health-probe-bind-address");
}

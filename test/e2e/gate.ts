import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Agent, createServer, request as httpsRequest, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { TestKcp } from "../servers.ts";

/** One request of the product that kcp has answered; of a watch, that it has begun. */
export interface Seen {
  readonly method: string;
  /** Below the workspace, without the query: `/apis/tenancy.kcp.io/v1alpha1/workspaces/foo`. */
  readonly path: string;
  /** Id or path of the workspace, `*` for all of them. */
  readonly cluster: string;
  readonly code: number;
  readonly isWatch: boolean;
}

export const isWrite = ({ method }: Pick<Seen, "method">): boolean => method !== "GET";
/** As one word, for lists that tests compare: `POST workspaces`, `PATCH accounts/foo/status`. */
export const told = ({ method, path }: Seen): string =>
  `${method} ${path.replace(/^\/(?:api|apis\/[^/]+)\/[^/]+\//, "")}`;

/** Stands between the product and kcp and does to their connection what networks and operating systems do. It sees
 *  every request as kcp does, so that budgets count what the product really sent. */
export class Gate {
  readonly url: string;
  /** Every request since the start, in the order of the answers. */
  readonly seen: Seen[] = [];
  /** Called when kcp has done a write and before the product learns of it. */
  afterWrite: ((write: Seen) => Promise<void>) | undefined;
  /** Answers for kcp with that status, where it says one; kcp hears nothing then. */
  answerFor: ((asked: Pick<Seen, "method" | "path">) => number | undefined) | undefined;
  readonly #server: Server;
  readonly #port: number;

  private constructor(server: Server, url: string) {
    this.#server = server;
    this.url = url;
    this.#port = Number(new URL(url).port);
  }

  /** Answers with kcp's own certificate: clients need no other CA, and AccountInfo shows the right one. */
  static async open(kcp: Pick<TestKcp, "url" | "certificate">): Promise<Gate> {
    const { cert, key } = await kcp.certificate();
    const server = createServer({ cert, key, keepAliveTimeout: 90_000 });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const gate = new Gate(server, `https://127.0.0.1:${port}`);
    const agent = new Agent({ keepAlive: true, ca: cert });
    server.on("request", (asked: IncomingMessage, answer: ServerResponse) => {
      gate.#forward(asked, answer, { to: kcp.url, agent }).catch(() => answer.destroy());
    });
    return gate;
  }

  /** Where `seen` ends now, for `since`. */
  mark(): number {
    return this.seen.length;
  }

  since(mark: number): readonly Seen[] {
    return this.seen.slice(mark);
  }

  /** Breaks all connections and refuses new ones, until `mend`. */
  async cut(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }

  async mend(): Promise<void> {
    this.#server.listen(this.#port, "127.0.0.1");
    await once(this.#server, "listening");
  }

  async close(): Promise<void> {
    if (this.#server.listening) await this.cut();
  }

  async #forward(asked: IncomingMessage, answer: ServerResponse, kcp: { to: string; agent: Agent }): Promise<void> {
    const { method = "GET", url = "/" } = asked;
    const refusal = this.answerFor?.({ method, ...placeOf(url) });
    if (refusal !== undefined) {
      asked.resume();
      const status = { kind: "Status", apiVersion: "v1", status: "Failure", reason: "Injected", code: refusal };
      answer.writeHead(refusal, { "content-type": "application/json" });
      answer.end(JSON.stringify({ ...status, message: `the gate answers ${refusal}` }));
      return;
    }
    const upstream = httpsRequest(new URL(url, kcp.to), { method, agent: kcp.agent, headers: headersOf(asked) });
    answer.on("close", () => upstream.destroy());
    const [[answered]] = await Promise.all([
      once(upstream, "response") as Promise<[IncomingMessage]>,
      pipeline(asked, upstream),
    ]);
    const code = answered.statusCode ?? 0;
    const seen = { method, ...placeOf(url), code, isWatch: url.includes("watch=") };
    this.seen.push(seen);
    if (isWrite(seen) && code < 300) await this.afterWrite?.(seen);
    // The endpoint slice would lead the product past the gate.
    const leadsPast = seen.path.includes("/apiexportendpointslices");
    const { "content-length": length, ...headers } = answered.headers;
    answer.writeHead(code, leadsPast || length === undefined ? headers : { ...headers, "content-length": length });
    // A watch begins with silence, and must be seen to have begun.
    answer.flushHeaders();
    if (leadsPast) await pipeline(answered, replacing(kcp.to, this.url), answer);
    else await pipeline(answered, answer);
  }
}

function headersOf(asked: IncomingMessage): NodeJS.Dict<string | string[]> {
  const { host: _host, connection: _connection, ...headers } = asked.headers;
  return headers;
}

function placeOf(url: string): Pick<Seen, "cluster" | "path"> {
  const { pathname } = new URL(url, "https://kcp");
  const [, cluster = "", path = pathname] = /\/clusters\/([^/]+)(\/.*)$/.exec(pathname) ?? [];
  return { cluster, path };
}

/** Replaces line by line: what is looked for may lie across two chunks, never across two lines. */
function replacing(from: string, to: string): Transform {
  let rest = "";
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const lines = (rest + chunk.toString("utf8")).split("\n");
      rest = lines.pop() ?? "";
      done(null, lines.map((line) => `${line.replaceAll(from, to)}\n`).join(""));
    },
    flush(done) {
      done(null, rest.replaceAll(from, to));
    },
  });
}

import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";

export interface DoubleOptions {
  /** `user:password` for which tokens are given; without, nobody is asked. */
  readonly account?: string;
  /** Refresh token for which tokens are given too. */
  readonly refreshToken?: string;
  /** Lists referrers by itself, as registries of distribution specification 1.1 do. */
  readonly listsReferrers?: boolean;
  /** Answers this status to every upload. */
  readonly failWith?: number;
}

/** As much of a registry with a token server as our client can tell from one: what the real one of the other suite does
 *  not do. */
export async function startRegistryDouble(options: DoubleOptions = {}) {
  /** Blobs as `repository@digest`, manifests as `repository/reference`. */
  const state = { blobs: new Set<string>(), manifests: new Map<string, Buffer>(), requests: [] as string[] };
  const server = createServer((request, response) => {
    void answer(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const host = `127.0.0.1:${typeof address === "object" && address ? address.port : 0}`;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "", `http://${host}`);
    const body = await buffer(request);
    if (url.pathname === "/token") return giveToken(request, response, url, body);
    state.requests.push(`${request.method} ${url.pathname}${url.search}`);
    const asks = options.account !== undefined || options.refreshToken !== undefined;
    const scope = `repository:${repositoryOf(url)}:pull,push`;
    if (asks && !tokenScopes(request).includes(scope)) {
      const challenge = `Bearer realm="http://${host}/token",service="double",scope="${scope}"`;
      return void response.writeHead(401, { "www-authenticate": challenge }).end("{}");
    }
    const [, repository = "", kind, rest = ""] = /^\/v2\/(.+)\/(blobs|manifests)\/(.+)$/.exec(url.pathname) ?? [];
    if (url.pathname.endsWith("/blobs/uploads/")) return startUpload(response, url);
    if (request.method === "PUT" && options.failWith) {
      const errors = [{ code: "DENIED", message: "quota is used up" }];
      return void response.writeHead(options.failWith).end(JSON.stringify({ errors }));
    }
    if (kind === "blobs") return blob(request, response, url, body);
    return manifest(request, response, `${repository}/${rest}`, body);
  }

  function giveToken(request: IncomingMessage, response: ServerResponse, url: URL, body: Buffer): void {
    const form = new URLSearchParams(body.toString());
    const basic = `Basic ${Buffer.from(options.account ?? "").toString("base64")}`;
    const isKnown =
      request.method === "POST"
        ? form.get("refresh_token") === options.refreshToken
        : request.headers.authorization === basic;
    if (!isKnown) return void response.writeHead(401).end();
    const scopes = request.method === "POST" ? (form.get("scope") ?? "").split(" ") : url.searchParams.getAll("scope");
    response.end(JSON.stringify({ token: Buffer.from(JSON.stringify(scopes)).toString("base64") }));
  }

  function startUpload(response: ServerResponse, url: URL): void {
    const { mount, from } = Object.fromEntries(url.searchParams);
    if (state.blobs.has(`${from}@${mount}`)) {
      state.blobs.add(`${repositoryOf(url)}@${mount}`);
      return void response.writeHead(201).end();
    }
    response.writeHead(202, { location: url.pathname.replace("uploads/", "uploads/one?state=kept") }).end();
  }

  function blob(request: IncomingMessage, response: ServerResponse, url: URL, body: Buffer): void {
    const digest = url.searchParams.get("digest");
    if (request.method !== "PUT") {
      const isThere = state.blobs.has(`${repositoryOf(url)}@${url.pathname.replace(/^.*\//, "")}`);
      return void response.writeHead(isThere ? 200 : 404).end();
    }
    const isTrue = digest === `sha256:${createHash("sha256").update(body).digest("hex")}`;
    if (!isTrue || url.searchParams.get("state") !== "kept") return void response.writeHead(400).end("{}");
    state.blobs.add(`${repositoryOf(url)}@${digest}`);
    response.writeHead(201).end();
  }

  function manifest(request: IncomingMessage, response: ServerResponse, name: string, body: Buffer): void {
    if (request.method !== "PUT") {
      const found = state.manifests.get(name);
      return void response.writeHead(found ? 200 : 404).end(found ?? "{}");
    }
    state.manifests.set(name, body);
    const subject = JSON.parse(body.toString()).subject?.digest;
    response.writeHead(201, options.listsReferrers && subject ? { "oci-subject": subject } : {}).end();
  }

  return {
    host,
    ...state,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

const repositoryOf = ({ pathname }: URL) => /^\/v2\/(.+?)\/(?:blobs|manifests)\//.exec(pathname)?.[1] ?? "";

function tokenScopes({ headers }: IncomingMessage): readonly string[] {
  const token = /^Bearer (.+)$/.exec(headers.authorization ?? "")?.[1];
  const scopes: unknown = token ? JSON.parse(Buffer.from(token, "base64").toString()) : [];
  return Array.isArray(scopes) ? scopes.map(String) : [];
}

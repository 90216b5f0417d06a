import { type Answer, type ScriptedServer, scriptedServer, sendJson } from "./scripted-server.ts";

/** An object as a test writes it down; the server adds what only a server knows. */
export interface Fixture {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly [field: string]: unknown };
  readonly [field: string]: unknown;
}

/** As much of kcp as the command line sees: objects by workspace path, over HTTP, to be read, created and deleted. */
export class KcpServer implements AsyncDisposable {
  readonly #objects = new Map<string, Fixture>();
  readonly #denied = new Set<string>();
  #server: ScriptedServer | undefined;

  static async start(): Promise<KcpServer> {
    const kcp = new KcpServer();
    kcp.#server = await scriptedServer((seen, response) => kcp.#answer(seen, response));
    return kcp;
  }

  get url(): string {
    return this.#server?.url ?? "";
  }

  get requests(): readonly string[] {
    return this.#server?.seen.map(({ method, url }) => `${method} ${url.pathname}`) ?? [];
  }

  put(workspace: string, object: Fixture): void {
    const metadata = { uid: `uid-${object.metadata.name}`, resourceVersion: "1", generation: 1, ...object.metadata };
    this.#objects.set(`${workspace} ${object.kind.toLowerCase()}s ${object.metadata.name}`, { ...object, metadata });
  }

  remove(workspace: string, kind: string, name: string): void {
    this.#objects.delete(`${workspace} ${kind.toLowerCase()}s ${name}`);
  }

  /** Answers 403 for all of a workspace. */
  deny(workspace: string): void {
    this.#denied.add(workspace);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]();
  }

  readonly #answer: Answer = ({ method, url, body }, response) => {
    const [, workspace = "", resource = "", name] =
      /^\/clusters\/([^/]+)\/(?:apis\/[^/]+|api)\/[^/]+\/(?:namespaces\/[^/]+\/)?([a-z]+)(?:\/([^/]+))?$/.exec(
        url.pathname,
      ) ?? [];
    const fail = (code: number, reason: string) =>
      sendJson(response, code, {
        kind: "Status",
        code,
        reason,
        message: `${resource} ${name ?? ""} in ${workspace}: ${reason}`,
      });
    if (this.#denied.has(workspace)) return fail(403, "Forbidden");
    if (name === undefined && method === "GET") {
      const prefix = `${workspace} ${resource} `;
      const items = [...this.#objects].filter(([key]) => key.startsWith(prefix)).map(([, object]) => object);
      return sendJson(response, 200, {
        apiVersion: "v1",
        kind: "ObjectList",
        metadata: { resourceVersion: "1" },
        items,
      });
    }
    if (resource === "selfsubjectreviews") {
      return sendJson(response, 201, { status: { userInfo: { username: "alice", groups: [] } } });
    }
    const created: Fixture | undefined = method === "POST" ? JSON.parse(body) : undefined;
    const key = `${workspace} ${resource} ${name ?? created?.metadata.name}`;
    const present = this.#objects.get(key);
    if (created) {
      if (present) return fail(409, "AlreadyExists");
      this.put(workspace, {
        ...created,
        metadata: { ...created.metadata, creationTimestamp: new Date(0).toISOString() },
      });
      return sendJson(response, 201, this.#objects.get(key));
    }
    if (!present) return fail(404, "NotFound");
    if (method === "DELETE") this.#objects.delete(key);
    return sendJson(response, 200, present);
  };
}

import { type Client, createClient } from "../shared/kcp/rest.ts";
import { createEmbedded, type Embedded, type EmbeddedOptions } from "./embedded.ts";
import type { JsonObject } from "./json.ts";

/** An answer as it came. */
export interface Raw {
  readonly code: number;
  readonly body: JsonObject;
}

/** A server of one test file, over plain HTTP, and those who ask it. */
export class TestServer implements AsyncDisposable {
  readonly embedded: Embedded;
  readonly #clients: Client[] = [];

  private constructor(embedded: Embedded) {
    this.embedded = embedded;
  }

  static async start(options: EmbeddedOptions = {}): Promise<TestServer> {
    return new TestServer(await createEmbedded({ tls: false, ...options }));
  }

  /** The product's own client, as the administrator unless another token is given. */
  client(token = this.embedded.adminToken): Client {
    const headers = async () => ({ authorization: `Bearer ${token}` });
    const client = createClient({ config: { server: this.embedded.url, tls: {}, headers } });
    this.#clients.push(client);
    return client;
  }

  /** One request, whatever becomes of it; the body is sent as JSON unless a patch type is given. */
  async raw(
    method: string,
    path: string,
    body?: unknown,
    options: { type?: string; token?: string } = {},
  ): Promise<Raw> {
    const { type = "application/json", token = this.embedded.adminToken } = options;
    const response = await fetch(`${this.embedded.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": type, "user-agent": "test/1" },
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { code: response.status, body: text.startsWith("{") ? JSON.parse(text) : { text } };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.close();
    await this.embedded.close();
  }
}

/** Looks until it is there; throws after two seconds. */
export async function soon<T>(look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + 2_000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error(`not there after 2 s: ${look}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

import type { IncomingMessage } from "node:http";
import { Agent, type RequestOptions, request } from "node:https";
import { Answer, type Json } from "./answer.ts";
import { Stream } from "./stream.ts";

/** Who asks a server, and how. */
export interface Access {
  readonly url: string;
  /** PEM of the server's authority. */
  readonly ca: string;
  /** Bearer token; nobody's without. */
  readonly token?: string;
}

export interface Ask {
  /** Media type of the body; JSON unless given. */
  readonly type?: string;
  readonly accept?: string;
  readonly agent?: string;
}

export const merge = { type: "application/merge-patch+json" };
export const jsonPatch = { type: "application/json-patch+json" };
export const apply = { type: "application/apply-patch+yaml" };
export const strategic = { type: "application/strategic-merge-patch+json" };

/** Requests below one path of a server, as one user. */
export class Api {
  readonly #access: Access;
  readonly #agent: Agent;
  /** Path that every request is below, as `/clusters/root`. */
  readonly base: string;

  constructor(access: Access, base = "") {
    this.#access = access;
    this.#agent = new Agent({ keepAlive: true, ca: access.ca });
    this.base = base;
  }

  /** The same below another path. */
  below(base: string): Api {
    return new Api(this.#access, base);
  }

  /** The same as another user, or as nobody. */
  as(token: string | undefined): Api {
    const { url, ca } = this.#access;
    return new Api({ url, ca, ...(token !== undefined && { token }) }, this.base);
  }

  get = (path: string, ask?: Ask): Promise<Answer> => this.send("GET", path, undefined, ask);
  post = (path: string, body: unknown, ask?: Ask): Promise<Answer> => this.send("POST", path, body, ask);
  put = (path: string, body: unknown, ask?: Ask): Promise<Answer> => this.send("PUT", path, body, ask);
  patch = (path: string, body: unknown, ask: Ask = merge): Promise<Answer> => this.send("PATCH", path, body, ask);
  delete = (path: string, body?: unknown): Promise<Answer> => this.send("DELETE", path, body);

  /** One request, whatever becomes of it; a body that is no text is sent as JSON. */
  async send(method: string, path: string, body?: unknown, ask: Ask = {}): Promise<Answer> {
    const response = await this.#open(method, path, body, ask);
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk);
    return new Answer(response.statusCode ?? 0, response.headers, parsed(Buffer.concat(chunks).toString()));
  }

  /** Begins to watch; throws unless the answer is 200. */
  async watch(path: string, query = "", ask: Ask = {}): Promise<Stream> {
    const response = await this.#open("GET", `${path}?watch=true${query && `&${query}`}`, undefined, ask);
    if (response.statusCode !== 200) throw new Error(`watching ${path} is answered ${response.statusCode}`);
    return new Stream(response);
  }

  #open(method: string, path: string, body: unknown, { type, accept, agent = "conformance/1" }: Ask) {
    const { url, token } = this.#access;
    const text = body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body);
    const options: RequestOptions = {
      method,
      agent: this.#agent,
      headers: {
        accept: accept ?? "application/json",
        "user-agent": agent,
        ...(text !== undefined && {
          "content-type": type ?? "application/json",
          "content-length": Buffer.byteLength(text),
        }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
    };
    return new Promise<IncomingMessage>((resolve, reject) => {
      request(url + this.base + path, options, resolve)
        .once("error", reject)
        .end(text);
    });
  }
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

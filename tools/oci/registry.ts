import { z } from "zod";
import type { Blob } from "./blob.ts";
import type { Credentials } from "./docker-config.ts";
import { answerTo, type Challenge, parseChallenge } from "./registry-auth.ts";

interface Ask {
  readonly method: "GET" | "HEAD" | "POST" | "PUT";
  /** What is asked for, for messages: `blob sha256:… of my/images`. */
  readonly what: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** Statuses that are answers, not faults. */
  readonly expect: readonly number[];
}

const limitMs = 10 * 60_000;
const errorSchema = z.looseObject({
  errors: z.array(z.looseObject({ code: z.string(), message: z.string().default("") })),
});

/** A registry that speaks the OCI distribution API. */
export class Registry {
  readonly #host: string;
  readonly #base: string;
  readonly #credentials: Credentials | undefined;
  /** The last answer to a challenge, for the repositories that it was given for. */
  #authorization: { readonly header: string; readonly scopes: string } | undefined;
  #challenge: Challenge | undefined;

  constructor(host: string, credentials: Credentials | undefined, { plainHttp = isLoopback(host) } = {}) {
    this.#host = host;
    this.#base = `${plainHttp ? "http" : "https"}://${host}`;
    this.#credentials = credentials;
  }

  async has(repository: string, kind: "blobs" | "manifests", reference: string): Promise<string | undefined> {
    const path = `/v2/${repository}/${kind}/${reference}`;
    const headers = { accept: "application/vnd.oci.image.manifest.v1+json" };
    const what = `${kind} ${reference} of ${repository}`;
    const response = await this.#ask(path, [repository], { method: "HEAD", what, headers, expect: [200, 404] });
    if (response.status === 404) return undefined;
    return response.headers.get("docker-content-digest") ?? reference;
  }

  /** Uploads a blob, or has the registry take it over from a repository where it is already. */
  async putBlob(repository: string, { bytes, descriptor }: Blob, from?: string): Promise<"uploaded" | "mounted"> {
    const { digest } = descriptor;
    const what = `blob ${digest} of ${repository}`;
    const query = from === undefined ? "" : `?${new URLSearchParams({ mount: digest, from })}`;
    const repositories = from === undefined ? [repository] : [repository, from];
    const path = `/v2/${repository}/blobs/uploads/${query}`;
    const started = await this.#ask(path, repositories, { method: "POST", what, expect: [201, 202] });
    if (started.status === 201) return "mounted";
    const location = started.headers.get("location");
    if (!location) throw new Error(`${this.#host} tells no place to upload to: ${what}`);
    const url = new URL(location, this.#base);
    url.searchParams.set("digest", digest);
    const headers = { "content-type": "application/octet-stream" };
    await this.#ask(url.href, [repository], { method: "PUT", what, headers, body: bytes, expect: [201] });
    return "uploaded";
  }

  /** Stores a manifest, and tells whether the registry will list it as one that refers to another. */
  async putManifest(repository: string, reference: string, { bytes, descriptor }: Blob): Promise<{ listed: boolean }> {
    const path = `/v2/${repository}/manifests/${reference}`;
    const headers = { "content-type": descriptor.mediaType };
    const what = `manifest ${reference} of ${repository}`;
    const response = await this.#ask(path, [repository], { method: "PUT", what, headers, body: bytes, expect: [201] });
    return { listed: response.headers.has("oci-subject") };
  }

  async getIndex(repository: string, reference: string): Promise<unknown> {
    const path = `/v2/${repository}/manifests/${reference}`;
    const headers = { accept: "application/vnd.oci.image.index.v1+json" };
    const what = `manifest ${reference} of ${repository}`;
    const response = await this.#ask(path, [repository], { method: "GET", what, headers, expect: [200, 404] });
    const content: unknown = await response.json();
    return response.status === 404 ? undefined : content;
  }

  async #ask(path: string, repositories: readonly string[], ask: Ask): Promise<Response> {
    const scopes = repositories.map((name, i) => `repository:${name}:${i === 0 ? "pull,push" : "pull"}`);
    let response = await this.#send(path, await this.#authorized(scopes), ask);
    if (response.status === 401) {
      this.#challenge = parseChallenge(response.headers.get("www-authenticate") ?? "");
      this.#authorization = undefined;
      await response.body?.cancel();
      response = await this.#send(path, await this.#authorized(scopes), ask);
    }
    if (ask.expect.includes(response.status)) return response;
    throw new Error(await this.#refusal(response, ask));
  }

  async #authorized(scopes: readonly string[]): Promise<string | undefined> {
    if (!this.#challenge) return undefined;
    const key = scopes.join(" ");
    if (this.#authorization?.scopes !== key) {
      const header = await answerTo(this.#challenge, scopes, this.#credentials);
      this.#authorization = header === undefined ? undefined : { header, scopes: key };
    }
    return this.#authorization?.header;
  }

  async #send(
    path: string,
    authorization: string | undefined,
    { method, what, headers, body }: Ask,
  ): Promise<Response> {
    const url = new URL(path, this.#base);
    // A place to upload to may be another server's: what is for this registry is not told to it.
    const own = url.host === this.#host && authorization !== undefined;
    try {
      return await fetch(url, {
        method,
        headers: { ...headers, ...(own && { authorization }) },
        ...(body && { body: new Uint8Array(body) }),
        signal: AbortSignal.timeout(limitMs),
      });
    } catch (cause) {
      const why = cause instanceof Error && cause.cause instanceof Error ? cause.cause.message : String(cause);
      throw new Error(`${url.origin} cannot be reached for ${what}: ${why}`, { cause });
    }
  }

  async #refusal(response: Response, { method, what }: Ask): Promise<string> {
    const text = await response.text();
    const parsed = errorSchema.safeParse(parseJson(text));
    const why = parsed.success ? parsed.data.errors.map(({ code, message }) => `${code} ${message}`).join("; ") : "";
    const denied = response.status === 401 || response.status === 403;
    const next = denied ? `\n  next:  docker login ${this.#host} (or podman, crane, helm registry login)` : "";
    return `${this.#host} refuses ${method} of ${what}: HTTP ${response.status}${why && ` ${why}`}${next}`;
  }
}

const isLoopback = (host: string) => /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/.test(host);

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

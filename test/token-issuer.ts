import { generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { selfSigned } from "../shared/self-signed.ts";

/** As much of an OpenID provider as kcp asks of one: its discovery document and its keys, over https. */
export class TokenIssuer implements AsyncDisposable {
  readonly url: string;
  /** PEM, to be trusted by kcp. */
  readonly ca: string;
  readonly #certificate: Certificate;
  readonly #key = generateKeyPairSync("rsa", { modulusLength: 2048 });
  readonly #kid = randomUUID();
  readonly #close: () => Promise<void>;

  private constructor(url: string, certificate: Certificate, close: () => Promise<void>) {
    this.url = url;
    this.ca = certificate.cert;
    this.#certificate = certificate;
    this.#close = close;
  }

  /** With `earlier`, which has ended: in its place, with keys of its own. */
  static async start(earlier?: TokenIssuer): Promise<TokenIssuer> {
    const certificate = earlier ? earlier.#certificate : selfSigned("localhost");
    const port = earlier ? Number(new URL(earlier.url).port) : 0;
    const server = createServer(certificate, ({ url }, response) => {
      const body = url === "/keys" ? issuer.#keys() : url === discovery ? issuer.#document() : undefined;
      response.writeHead(body ? 200 : 404, { "content-type": "application/json" }).end(JSON.stringify(body ?? {}));
    });
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    const { port: taken } = server.address() as AddressInfo;
    const close = () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    const issuer: TokenIssuer = new TokenIssuer(`https://localhost:${taken}`, certificate, close);
    return issuer;
  }

  /** A token for an hour; claims as `email` and `groups` go in as they are. */
  token(audience: string, claims: Readonly<Record<string, unknown>>): string {
    const now = Math.floor(Date.now() / 1000);
    const payload = { iss: this.url, aud: audience, sub: "1", iat: now, exp: now + 3600, ...claims };
    const signed = `${encoded({ alg: "RS256", typ: "JWT", kid: this.#kid })}.${encoded(payload)}`;
    return `${signed}.${sign("sha256", Buffer.from(signed), this.#key.privateKey).toString("base64url")}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }

  #keys(): object {
    return { keys: [{ ...this.#key.publicKey.export({ format: "jwk" }), kid: this.#kid, alg: "RS256", use: "sig" }] };
  }

  #document(): object {
    return {
      issuer: this.url,
      jwks_uri: `${this.url}/keys`,
      authorization_endpoint: `${this.url}/auth`,
      token_endpoint: `${this.url}/token`,
      response_types_supported: ["code"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["RS256"],
    };
  }
}

type Certificate = ReturnType<typeof selfSigned>;
const discovery = "/.well-known/openid-configuration";
const encoded = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");

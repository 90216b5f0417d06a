import { generateKeyPairSync, randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Provider from "oidc-provider";
import { selfSigned } from "../shared/self-signed.ts";

/** OpenID Connect providers that are certified and know nothing of us: one for each first part of a path. */
export interface OidcServer extends AsyncDisposable {
  /** Issuer of NAME is `<url>/NAME`. */
  readonly url: string;
  readonly caFile: string;
  /** Holds the initial access token that registration asks for. */
  readonly initialAccessTokenFile: string;
  /** Number of registrations, and of changes, that were answered. */
  readonly counts: { readonly made: number; readonly changed: number };
  stop(): Promise<void>;
}

/** With dynamic client registration and its management, https only, in this process. */
export async function startOidcProvider(): Promise<OidcServer> {
  const folder = await mkdtemp(join(tmpdir(), "oidc-"));
  const file = (name: string) => join(folder, name);
  const tls = selfSigned("localhost");
  const token = randomUUID();
  await writeFile(file("ca.crt"), tls.cert);
  await writeFile(file("initial-access-token"), token, { mode: 0o600 });
  const jwk = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" });
  const providers = new Map<string, Provider>();
  const counts = { made: 0, changed: 0 };

  const server = createServer(tls, (request: IncomingMessage & { originalUrl?: string }, response: ServerResponse) => {
    const [, name = ""] = (request.url ?? "").split("/");
    const provider = providers.get(name) ?? newProvider(`${url}/${name}`, { token, jwk });
    providers.set(name, provider);
    response.once("finish", () => {
      if (request.method === "POST" && response.statusCode === 201) counts.made++;
      if (request.method === "PUT" && response.statusCode === 200) counts.changed++;
    });
    // As a framework does that mounts an application below a path.
    request.originalUrl = request.url ?? "";
    request.url = request.originalUrl.slice(name.length + 1) || "/";
    provider.callback()(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const stop = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await rm(folder, { recursive: true, force: true });
  };
  const initialAccessTokenFile = file("initial-access-token");
  return { url, caFile: file("ca.crt"), initialAccessTokenFile, counts, stop, [Symbol.asyncDispose]: stop };
}

function newProvider(issuer: string, { token, jwk }: { readonly token: string; readonly jwk: object }): Provider {
  return new Provider(issuer, {
    features: {
      devInteractions: { enabled: false },
      registration: { enabled: true, initialAccessToken: token },
      registrationManagement: { enabled: true, rotateRegistrationAccessToken: true },
    },
    jwks: { keys: [{ ...jwk, use: "sig", alg: "RS256", kid: "test" }] },
    cookies: { keys: [randomUUID()] },
  });
}

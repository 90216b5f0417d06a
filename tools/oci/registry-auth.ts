import { z } from "zod";
import type { Credentials } from "./docker-config.ts";

/** How a registry wants to be asked, as its WWW-Authenticate header says. */
export interface Challenge {
  readonly scheme: string;
  readonly parameters: Readonly<Record<string, string>>;
}

const tokenSchema = z.looseObject({
  token: z.string().optional(),
  access_token: z.string().optional(),
});
const client = "account-functions";
const limitMs = 30_000;

export function parseChallenge(header: string): Challenge {
  const [, scheme = "", rest = ""] = /^\s*(\S+)\s*(.*)$/.exec(header) ?? [];
  const parameters = [...rest.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = "", value = ""]) => [name, value]);
  return { scheme: scheme.toLowerCase(), parameters: Object.fromEntries(parameters) };
}

/** The Authorization header that answers a challenge; nothing when there is no answer to it. */
export async function answerTo(
  { scheme, parameters }: Challenge,
  scopes: readonly string[],
  credentials: Credentials | undefined,
): Promise<string | undefined> {
  if (scheme === "basic") return credentials && basic(credentials);
  const { realm, service = "" } = parameters;
  if (scheme !== "bearer" || !realm) return undefined;
  const response = await askForToken({ realm, service, scopes }, credentials);
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(
      `${new URL(realm).host} gives no token: HTTP ${response.status}\n  next:  docker login, with the name of the registry`,
    );
  }
  const { token, access_token: accessToken } = tokenSchema.parse(await response.json());
  const found = token ?? accessToken;
  return found && `Bearer ${found}`;
}

interface TokenRequest {
  readonly realm: string;
  readonly service: string;
  readonly scopes: readonly string[];
}

function askForToken(
  { realm, service, scopes }: TokenRequest,
  credentials: Credentials | undefined,
): Promise<Response> {
  const signal = AbortSignal.timeout(limitMs);
  if (credentials?.identityToken) {
    const body = new URLSearchParams({
      grant_type: "refresh_token",
      service,
      client_id: client,
      scope: scopes.join(" "),
    });
    body.set("refresh_token", credentials.identityToken);
    return fetch(realm, { method: "POST", body, signal });
  }
  const url = new URL(realm);
  if (service) url.searchParams.set("service", service);
  for (const scope of scopes) url.searchParams.append("scope", scope);
  return fetch(url, { headers: credentials ? { authorization: basic(credentials) } : {}, signal });
}

const basic = ({ username, password }: Credentials) =>
  `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;

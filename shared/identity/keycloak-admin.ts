import { z } from "zod";
import type { Call } from "../kcp/client.ts";
import { parse, refusal } from "./answers.ts";
import type { KeycloakLogin } from "./config.ts";
import type { Http, HttpRequest, HttpResponse } from "./http.ts";
import { IdentityError } from "./identity.ts";
import { readSecret } from "./secret-file.ts";

export interface AdminRequest {
  readonly method: HttpRequest["method"];
  /** Below `/admin/realms`. */
  readonly path: string;
  readonly body?: object;
  /** Statuses that the caller handles; any other is thrown. */
  readonly accept: readonly number[];
  /** For the error, e.g. `making realm acme`. */
  readonly doing: string;
  /** Secrets in the body. */
  readonly secrets?: readonly string[];
}
/** Sends one request to Keycloak's admin interface. Throws IdentityError. */
export type Admin = (request: AdminRequest, call?: Call) => Promise<HttpResponse>;

interface Token {
  readonly value: string;
  /** Milliseconds since 1970. */
  readonly expires: number;
}
export interface AdminOptions {
  readonly http: Http;
  readonly url: string;
  readonly login: KeycloakLogin;
  readonly now: () => number;
}

/** Logs in when needed, and once more when a request is refused: the token may have been revoked, and it does not know
 *  the rights on a realm that was made after it. */
export function createAdmin(options: AdminOptions): Admin {
  let current: Promise<Token> | undefined;
  const tokenOf = async (): Promise<Token> => {
    const token = await current?.catch(() => undefined);
    if (token && token.expires > options.now()) return token;
    return renewed(token);
  };
  const renewed = (old: Token | undefined): Promise<Token> => {
    const running = current;
    // Requests that found the same token wanting share one login.
    current = (async () => {
      const newest = await running?.catch(() => undefined);
      return newest && newest !== old && newest.expires > options.now() ? newest : logIn(options);
    })();
    return current;
  };

  return async (request, call) => {
    const send = async (token: Token) => {
      const response = await options.http({
        method: request.method,
        url: `${options.url}/admin/realms${request.path}`,
        headers: { authorization: `Bearer ${token.value}` },
        ...(request.body && { body: request.body }),
        signal: call?.signal,
      });
      return lostRace(response) ? { ...response, status: 409 } : response;
    };
    let token = await unlessAborted(tokenOf(), call?.signal);
    let response = await send(token);
    if (response.status === 401 || response.status === 403) {
      token = await unlessAborted(renewed(token), call?.signal);
      response = await send(token);
    }
    if (request.accept.includes(response.status)) return response;
    if (response.status === 401) throw unaccepted(request.doing, response, options.login);
    throw refusal(request.doing, response, [token.value, ...(request.secrets ?? [])]);
  };
}

/** A login goes on for the others who wait for it. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  return Promise.race([work, promise]).finally(() => signal.removeEventListener("abort", abort));
}

/** What Keycloak answers where it should say 409, when the same thing is made by two at the same moment. */
const lostRace = ({ status, text }: HttpResponse) => status === 400 && text.includes("Database operation failed");

const tokenAnswer = z.looseObject({ access_token: z.string().min(1), expires_in: z.number() });

async function logIn({ http, url, login, now }: AdminOptions): Promise<Token> {
  const doing = `logging in to Keycloak as ${nameOf(login)}`;
  const secret = await readSecret(fileOf(login), `the secret of ${nameOf(login)}`);
  const form =
    "clientId" in login
      ? { grant_type: "client_credentials", client_id: login.clientId, client_secret: secret }
      : { grant_type: "password", client_id: "admin-cli", username: login.username, password: secret };
  const response = await http({
    method: "POST",
    url: `${url}/realms/master/protocol/openid-connect/token`,
    body: new URLSearchParams({ ...form }),
  });
  if (response.status === 400 || response.status === 401) throw unaccepted(doing, response, login);
  if (response.status !== 200) throw refusal(doing, response, [secret]);
  const answer = parse(tokenAnswer, response, doing);
  // Not used in its last seconds, so that it does not end on its way.
  return { value: answer.access_token, expires: now() + Math.max(1, answer.expires_in - 10) * 1000 };
}

const fileOf = (login: KeycloakLogin) => ("clientId" in login ? login.secretFile : login.passwordFile);
const nameOf = (login: KeycloakLogin) =>
  "clientId" in login ? `client ${login.clientId} of realm master` : `user ${login.username} of realm master`;

/** Our own credentials may be rotated, and are read anew for each login: asking again may help. */
function unaccepted(doing: string, response: HttpResponse, login: KeycloakLogin): IdentityError {
  const advice = `check ${fileOf(login)}, which is read again for each login`;
  return new IdentityError(`${doing}: not accepted (status ${response.status}); ${advice}`, "unavailable");
}

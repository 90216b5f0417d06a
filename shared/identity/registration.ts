import { z } from "zod";
import type { Call } from "../kcp/client.ts";
import { parse, refusal } from "./answers.ts";
import { forOrganization, type RegistrationConfig } from "./config.ts";
import { discover } from "./discovery.ts";
import { createHttp, type Http, type HttpRequest } from "./http.ts";
import { type ClientCredentials, type ClientSpec, IdentityError, type IdentityProvider } from "./identity.ts";
import { isWanted, metadataOf, withoutManaged } from "./registration-metadata.ts";
import { readSecret } from "./secret-file.ts";

const registered = z.looseObject({
  client_id: z.string().min(1),
  client_secret: z.string().optional(),
  registration_client_uri: z.string().optional(),
  registration_access_token: z.string().optional(),
});
type Registered = z.output<typeof registered>;

/** Clients by dynamic registration (RFC 7591, 7592), which any OpenID Connect provider may offer. It has no list of clients:
 *  one that was made and whose answer got lost cannot be found again, and stays. */
export function createRegistration(config: RegistrationConfig): IdentityProvider {
  const http = createHttp(config);
  const issuerOf = ({ name }: { readonly name: string }) => forOrganization(config.issuer, name);
  return {
    async ensureOrganization(organization, call) {
      const { issuer } = await discover(http, { issuer: issuerOf(organization) }, call);
      return { issuer };
    },
    async ensureClient({ organization, client, known }, call) {
      const kept = known && (await keep(http, { spec: client, known }, call));
      if (kept) return kept;
      const issuer = issuerOf(organization);
      const { registration_endpoint: endpoint } = await discover(http, { issuer }, call);
      if (endpoint) return register(http, { spec: client, endpoint, tokenFile: config.initialAccessTokenFile }, call);
      const advice = "allow dynamic client registration there, or configure the client ids of an existing issuer";
      throw new IdentityError(`issuer ${issuer} offers no registration of clients: ${advice}`, "refused");
    },
    async removeClient({ name, known }, call) {
      if (!known?.registrationClientUri || !known.registrationAccessToken) return;
      const doing = `removing client ${name}`;
      const response = await http(managed("DELETE", known, call));
      // Whoever asks about a client that is gone is told that its token is not valid (RFC 7592, 2.3).
      if (![200, 204, 401, 403, 404].includes(response.status)) throw refusal(doing, response, secretsOf(known));
    },
    invite: async () => "unsupported",
    revokeInvitation: async () => undefined,
    removeOrganization: async () => undefined,
  };
}

const secretsOf = ({ clientSecret = "", registrationAccessToken = "" }: ClientCredentials) => [
  clientSecret,
  registrationAccessToken,
];

function managed(method: HttpRequest["method"], known: ClientCredentials, call?: Call): HttpRequest {
  return {
    method,
    url: known.registrationClientUri ?? "",
    headers: { authorization: `Bearer ${known.registrationAccessToken}` },
    signal: call?.signal,
  };
}

interface Known {
  readonly spec: ClientSpec;
  readonly known: ClientCredentials;
}

/** The known client, changed when it has another form; `undefined` when it, or our token for it, is gone. */
async function keep(http: Http, { spec, known }: Known, call?: Call): Promise<ClientCredentials | undefined> {
  if (!known.registrationClientUri || !known.registrationAccessToken) return undefined;
  const doing = `reading client ${spec.name}`;
  const response = await http(managed("GET", known, call));
  if ([401, 403, 404].includes(response.status)) return undefined;
  if (response.status !== 200) throw refusal(doing, response, secretsOf(known));
  const found = parse(registered, response, doing);
  // Some providers change the token with each answer.
  const newest = credentialsOf(found, known);
  return isWanted(found, spec) ? newest : change(http, { spec, known: newest, found }, call);
}

async function change(
  http: Http,
  { spec, known, found }: Known & { readonly found: Registered },
  call?: Call,
): Promise<ClientCredentials> {
  const doing = `changing client ${spec.name}`;
  const body = { ...withoutManaged(found), ...metadataOf(spec) };
  const response = await http({ ...managed("PUT", known, call), body });
  if (response.status !== 200 && response.status !== 201) throw refusal(doing, response, secretsOf(known));
  return credentialsOf(parse(registered, response, doing), known);
}

interface Registration {
  readonly spec: ClientSpec;
  readonly endpoint: string;
  readonly tokenFile: string | undefined;
}

async function register(
  http: Http,
  { spec, endpoint, tokenFile }: Registration,
  call?: Call,
): Promise<ClientCredentials> {
  const doing = `registering client ${spec.name}`;
  const token = tokenFile && (await readSecret(tokenFile, "the initial access token"));
  const headers: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {};
  const body = metadataOf(spec);
  const response = await http({ method: "POST", url: endpoint, headers, body, signal: call?.signal });
  if (response.status === 401) {
    const advice = tokenFile ? `put a new one into ${tokenFile}, which is read again` : "configure one";
    throw new IdentityError(`${doing}: the provider wants a valid initial access token; ${advice}`, "unavailable");
  }
  if (response.status !== 200 && response.status !== 201) throw refusal(doing, response, token ? [token] : []);
  return credentialsOf(parse(registered, response, doing));
}

function credentialsOf(found: Registered, known?: ClientCredentials): ClientCredentials {
  const registrationClientUri = found.registration_client_uri ?? known?.registrationClientUri;
  const registrationAccessToken = found.registration_access_token ?? known?.registrationAccessToken;
  const clientSecret = found.client_secret ?? known?.clientSecret;
  return {
    clientId: found.client_id,
    ...(registrationClientUri && { registrationClientUri }),
    ...(registrationAccessToken && { registrationAccessToken }),
    ...(clientSecret && { clientSecret }),
  };
}

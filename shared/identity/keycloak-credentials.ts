import { z } from "zod";
import type { Call } from "../kcp/client.ts";
import { parse } from "./answers.ts";
import type { RealmSettings } from "./config.ts";
import type { Http } from "./http.ts";
import { type ClientCredentials, type ClientSpec, IdentityError } from "./identity.ts";
import type { Admin } from "./keycloak-admin.ts";
import type { Client } from "./keycloak-client-form.ts";
import { realmPath } from "./keycloak-realm.ts";

/** A realm, and how it is reached. */
export interface Place {
  readonly admin: Admin;
  readonly http: Http;
  readonly realm: string;
  /** Base URL of Keycloak as we reach it, and as users do. */
  readonly url: string;
  readonly publicUrl: string;
  readonly settings: RealmSettings;
}

export const clientsPath = (realm: string) => `${realmPath(realm)}/clients`;

interface Found {
  readonly spec: ClientSpec;
  readonly found: Client;
  readonly known: ClientCredentials | undefined;
}

/** The registration token that is known stays for as long as it works: each new one ends the one before. */
export async function credentialsOf(
  place: Place,
  { spec, found, known }: Found,
  call?: Call,
): Promise<ClientCredentials> {
  const below = `/realms/${encodeURIComponent(place.realm)}/clients-registrations/openid-connect/${encodeURIComponent(found.clientId)}`;
  const old = known?.clientId === found.clientId ? known.registrationAccessToken : undefined;
  const isGood = old !== undefined && (await works(place, { url: place.url + below, token: old }, call));
  return {
    clientId: found.clientId,
    registrationClientUri: place.publicUrl + below,
    registrationAccessToken: isGood ? old : await newToken(place, found, call),
    ...(spec.type === "confidential" && { clientSecret: found.secret ?? (await secretOf(place, found, call)) }),
  };
}

/** RFC 7592 reads a client with its registration token, without a change to either. */
async function works(place: Place, { url, token }: { url: string; token: string }, call?: Call): Promise<boolean> {
  const headers = { authorization: `Bearer ${token}` };
  const { status } = await place.http({ method: "GET", url, headers, signal: call?.signal });
  if (status === 200 || status === 401 || status === 403) return status === 200;
  throw new IdentityError(`reading a client of realm ${place.realm} by its token: status ${status}`, "unavailable");
}

const withToken = z.looseObject({ registrationAccessToken: z.string().min(1) });

async function newToken(place: Place, { id, name }: Client, call?: Call): Promise<string> {
  const doing = `asking for a registration token of client ${name} of realm ${place.realm}`;
  const path = `${clientsPath(place.realm)}/${id}/registration-access-token`;
  const response = await place.admin({ method: "POST", path, accept: [200, 201], doing }, call);
  return parse(withToken, response, doing).registrationAccessToken;
}

async function secretOf(place: Place, { id, name }: Client, call?: Call): Promise<string> {
  const doing = `reading the secret of client ${name} of realm ${place.realm}`;
  const path = `${clientsPath(place.realm)}/${id}/client-secret`;
  const response = await place.admin({ method: "GET", path, accept: [200], doing }, call);
  return parse(z.looseObject({ value: z.string().min(1) }), response, doing).value;
}

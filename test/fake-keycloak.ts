import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import { type ScriptedServer, type Seen, scriptedServer, sendJson } from "./scripted-server.ts";

type Json = Record<string, unknown>;
/** What the fake does with a request: it answers, or it does what the test wants instead. */
export type Fault = (seen: Seen, response: ServerResponse, handle: () => void) => void;

export interface FakeKeycloak extends ScriptedServer {
  readonly realms: Map<string, FakeRealm>;
  /** Addresses of sent mails. */
  readonly mails: string[];
  /** Number of logins so far; a token of an earlier one is not accepted after `revoke`. */
  logins: number;
  revoke(): void;
  /** Status of what is made: newer versions answer 201 where older ones say 200. */
  created: 200 | 201;
  fault: Fault | undefined;
}
interface FakeRealm extends Json {
  clients: Json[];
  users: Json[];
  profile: Json;
}
/** Spelled differently in a form and in JSON. */
export const fakeSecret = 'the "secret" + of & the fake';

/** As much of Keycloak in memory as our requests touch, for what cannot be provoked on a real one. */
export async function fakeKeycloak(tls: { readonly key: string; readonly cert: string }): Promise<FakeKeycloak> {
  let valid = "";
  const answerTo = (seen: Seen): Answer => {
    const [area, ...path] = seen.url.pathname.split("/").slice(1).map(decodeURIComponent);
    if (area === "realms") return forAll(seen, path);
    if (seen.headers.authorization !== `Bearer ${valid}`) return [401];
    return administer(fake, seen, path.slice(1));
  };
  const forAll = (seen: Seen, [name = "", kind, , clientId]: readonly string[]): Answer => {
    if (kind === ".well-known") return [200, { issuer: `${server.url}/realms/${name}` }];
    if (kind === "protocol") {
      if (new URLSearchParams(seen.body).get("client_secret") !== fakeSecret) return [401];
      valid = `token-${++fake.logins}`;
      return [200, { access_token: valid, expires_in: 60 }];
    }
    const client = fake.realms.get(name)?.clients.find((one) => one.clientId === clientId);
    return [client && seen.headers.authorization === `Bearer ${client.token}` ? 200 : 401];
  };
  const server = await scriptedServer((seen, response) => {
    const handle = () => {
      const [status, body = {}] = answerTo(seen);
      sendJson(response, status, body);
    };
    if (fake.fault) fake.fault(seen, response, handle);
    else handle();
  }, tls);
  const fake: FakeKeycloak = {
    ...server,
    realms: new Map(),
    mails: [],
    logins: 0,
    created: 201,
    fault: undefined,
    revoke: () => {
      valid = "";
    },
  };
  return fake;
}

function administer(fake: FakeKeycloak, seen: Seen, [name = "", kind, id, sub]: readonly string[]): Answer {
  const body: Json | undefined = seen.body ? JSON.parse(seen.body) : undefined;
  if (!name) {
    const wanted = String(body?.realm);
    if (fake.realms.has(wanted)) return [409, { errorMessage: "Realm exists" }];
    fake.realms.set(wanted, { ...body, clients: [], users: [], profile: { attributes: [] } });
    return [fake.created];
  }
  const realm = fake.realms.get(name);
  if (!realm) return [404];
  if (!kind) {
    if (seen.method === "DELETE") fake.realms.delete(name);
    return [200, Object.assign(realm, body)];
  }
  if (id === "profile") return [200, Object.assign(realm.profile, body)];
  const list = kind === "clients" ? realm.clients : realm.users;
  if (!id) return body ? add(fake, list, body) : [200, matching(list, seen.url.searchParams.get("email"))];
  const found = list.find((one) => one.id === id);
  if (!found) return [404];
  if (sub === "registration-access-token") found.token = `registration-${randomUUID()}`;
  else if (sub === "execute-actions-email") fake.mails.push(String(found.email));
  else if (seen.method === "DELETE") list.splice(list.indexOf(found), 1);
  else Object.assign(found, body);
  return [200, { registrationAccessToken: found.token }];
}

const matching = (list: readonly Json[], email: string | null) =>
  list.filter((one) => email === null || one.email === email);

function add(fake: FakeKeycloak, list: Json[], body: Json): Answer {
  const key = "clientId" in body ? "clientId" : "username";
  if (list.some((one) => one[key] === body[key])) return [409, { errorMessage: `${key} exists` }];
  const secret = body.publicClient === false && { secret: `secret-${randomUUID()}` };
  list.push({ ...body, id: randomUUID(), ...secret });
  return [fake.created];
}

/** Status and body. */
type Answer = readonly [number, unknown?];

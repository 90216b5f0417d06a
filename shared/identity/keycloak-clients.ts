import { z } from "zod";
import type { Call } from "../kcp/client.ts";
import { parse } from "./answers.ts";
import { type ClientCredentials, type ClientSpec, IdentityError } from "./identity.ts";
import { builtIn, type Client, client, idFor, repairOf, wantedClient } from "./keycloak-client-form.ts";
import { clientsPath, credentialsOf, type Place } from "./keycloak-credentials.ts";

/** Makes the client under an id that follows from its name, so that two at once cannot make two; changes one that differs
 *  through the admin interface, which rotates none of its tokens. */
export async function ensureKeycloakClient(
  place: Place,
  { spec, known }: { readonly spec: ClientSpec; readonly known?: ClientCredentials | undefined },
  call?: Call,
): Promise<ClientCredentials> {
  const found = (await byName(place, spec.name, call))[0] ?? (await make(place, spec, call));
  const body = repairOf(found, spec, place.settings);
  if (body) {
    const path = `${clientsPath(place.realm)}/${found.id}`;
    const secrets = found.secret ? [found.secret] : [];
    const doing = `changing client ${spec.name} of realm ${place.realm}`;
    await place.admin({ method: "PUT", path, body, accept: [200, 204], doing, secrets }, call);
  }
  return credentialsOf(place, { spec, found, known }, call);
}

/** Removes all clients of this name but Keycloak's own. */
export async function removeKeycloakClient(place: Place, name: string, call?: Call): Promise<void> {
  for (const { id } of await byName(place, name, call)) {
    const doing = `removing client ${name} of realm ${place.realm}`;
    const path = `${clientsPath(place.realm)}/${id}`;
    await place.admin({ method: "DELETE", path, accept: [200, 204, 404], doing }, call);
  }
}

/** Keycloak's filter knows ids only. The one with the id that we would give comes first. */
async function byName(place: Place, name: string, call?: Call): Promise<readonly Client[]> {
  const doing = `listing the clients of realm ${place.realm}`;
  const response = await place.admin({ method: "GET", path: clientsPath(place.realm), accept: [200], doing }, call);
  const rank = ({ clientId }: Client) => `${clientId === idFor(name) ? 0 : 1} ${clientId}`;
  return parse(z.array(client), response, doing)
    .filter((one) => one.name === name && !builtIn.includes(one.clientId))
    .sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
}

async function make(place: Place, spec: ClientSpec, call?: Call): Promise<Client> {
  const body = wantedClient(idFor(spec.name), spec, place.settings);
  const doing = `making client ${spec.name} of realm ${place.realm}`;
  await place.admin({ method: "POST", path: clientsPath(place.realm), body, accept: [200, 201, 409], doing }, call);
  const [made] = await byName(place, spec.name, call);
  if (made) return made;
  const advice = "rename that client, or remove it";
  throw new IdentityError(
    `${doing}: its id ${body.clientId} belongs to a client of another name; ${advice}`,
    "foreign",
  );
}

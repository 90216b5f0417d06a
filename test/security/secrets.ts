import { readFile } from "node:fs/promises";
import { type Kind, secrets } from "../../shared/kcp/kinds.ts";
import type { KubeObject } from "../../shared/kcp/objects.ts";
import { everywhere } from "../e2e/census.ts";
import { orgs } from "../e2e/person.ts";
import type { SecuredMesh } from "./mesh.ts";

export interface Scan {
  /** Where a secret was found, never which. */
  readonly hits: readonly string[];
  readonly looked: { readonly secrets: number; readonly places: number };
}

/** Looks for every secret that the test knows of in all that the product wrote for people to read. */
export async function scan(mesh: SecuredMesh): Promise<Scan> {
  const known = await knownSecrets(mesh);
  const places = await writtenBy(mesh);
  const hits = places.flatMap(([place, text]) => (known.some((secret) => text.includes(secret)) ? [place] : []));
  return { hits, looked: { secrets: known.length, places: places.length } };
}

/** Also as they are encoded in Secrets. */
async function knownSecrets({ admin, bare, keycloak, openFga, people }: SecuredMesh): Promise<readonly string[]> {
  const files = await Promise.all(
    [openFga.tokenFile, keycloak.admin.secretFile, bare.kcp.operatorTokenFile].map((file) => readFile(file, "utf8")),
  );
  type Secret = KubeObject & { readonly data?: Readonly<Record<string, string>> };
  const stored = await admin.client.readAll<Secret>(secrets, { cluster: orgs, namespace: "default" });
  const credentials = stored
    .filter(({ metadata }) => metadata.name.startsWith("portal-client-secret-"))
    .flatMap(({ data = {} }) => [data.client_secret, data.registration_access_token])
    .filter((value) => value !== undefined)
    .flatMap((value) => [value, Buffer.from(value, "base64").toString()]);
  return [...files.map((text) => text.trim()), ...credentials, ...people.secrets];
}

const shown: readonly Kind[] = ["Account", "AccountInfo", "Workspace", "WorkspaceType", "LogicalCluster", "Membership"];

async function writtenBy({ admin, bus, product }: SecuredMesh): Promise<readonly (readonly [string, string])[]> {
  const places: [string, string][] = [["log of pm run", await product.log()]];
  const archive = await bus.open();
  try {
    for await (const { event } of archive.history()) places.push([`event ${event.id}`, JSON.stringify(event)]);
    for await (const { event } of archive.deadLetters())
      places.push([`dead letter ${event.id}`, JSON.stringify(event)]);
    for await (const { sequence, invocation } of archive.invocations()) {
      places.push([`recording ${sequence} of ${invocation.function}`, JSON.stringify(invocation)]);
    }
  } finally {
    await archive.close();
  }
  for (const kind of shown) {
    for (const object of await everywhere({ person: admin }, kind)) {
      places.push([`${kind} ${object.metadata.name}`, JSON.stringify(object)]);
    }
  }
  return places;
}

import { createFga } from "../../shared/fga/client.ts";
import { createHttp } from "../../shared/identity/http.ts";
import { authenticationConfigurations, secrets } from "../../shared/kcp/kinds.ts";
import type { Cast } from "./cast.ts";
import type { Teller } from "./teller.ts";

const orgs = "root:orgs";

/** Why somebody may do something, by what OpenFGA knows. */
export async function explain(teller: Teller, { admin, security }: Cast): Promise<void> {
  const { url, tokenFile, caFile } = security.openFga;
  teller.chapter(
    "6. pm can tells why somebody may do something; at the end the org goes, with all that was made for it",
  );
  const question = [
    "alice@example.com",
    "create",
    "configmaps",
    "--namespace=default",
    "--workspace=root:orgs:acme:dev",
  ];
  const answer = await teller.does("pm can alice@example.com create configmaps -n default -w root:orgs:acme:dev", () =>
    admin.pm("can", ...question, `--fga-url=${url}`, `--fga-token-file=${tokenFile}`, `--fga-ca=${caFile}`),
  );
  teller.detail(answer);
}

/** Nothing of an org that is deleted is left in kcp, OpenFGA or Keycloak. */
export async function deleteOrg(teller: Teller, { admin, security }: Cast): Promise<void> {
  const { keycloak, openFga } = security;
  const fga = createFga(openFga);
  try {
    const deleted = await teller.does("pm account delete root:orgs:acme --cascade   (as admin)", () =>
      admin.pm("account", "delete", `${orgs}:acme`, "--cascade", "--yes"),
    );
    teller.detail(deleted);
    const stores = async () => (await fga.findStores({ name: "acme" })).length;
    await teller.sees({ what: "stores of name acme in OpenFGA", look: stores, expected: 0 });
    const http = createHttp(keycloak);
    const realm = async () => (await http({ method: "GET", url: `${keycloak.url}/realms/acme` })).status;
    await teller.sees({ what: "Keycloak, asked for realm acme, answers", look: realm, expected: 404 });
    const ofAcme = async () => {
      const found = await admin.client.readAll(secrets, { cluster: orgs });
      return found.filter(({ metadata }) => metadata.name.includes("-acme-")).length;
    };
    await teller.sees({ what: "Secrets of acme in root:orgs", look: ofAcme, expected: 0 });
    const issuers = async () =>
      (await admin.client.read(authenticationConfigurations, { cluster: orgs, name: "acme" })) ? 1 : 0;
    await teller.sees({ what: "issuers of acme that kcp knows", look: issuers, expected: 0 });
  } finally {
    fga.close();
  }
}

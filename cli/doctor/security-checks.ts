import { readSecurityType } from "../../shared/kcp/marker-urls.ts";
import { clusterOf, type LogicalCluster, pathAnnotation } from "../../shared/kcp/objects.ts";
import { createClient } from "../../shared/kcp/rest.ts";
import { securityMarker } from "../../shared/names.ts";
import { defaultSettings } from "../../shared/settings.ts";
import { issuersOf, lacksIssuer } from "../bootstrap/issuers.ts";
import { welcomeName } from "../bootstrap/welcome.ts";
import { type Check, fail, few, needsAdmin, ok, type Verdict, warn } from "./check.ts";
import { coreBindings, manifestOf } from "./claims.ts";
import { checkOrgsStore } from "./orgs-store-check.ts";
import type { View } from "./view.ts";

const repair = "pm bootstrap --security=on";
const isOff = ok("security is off");

/** A check of what is there only with security. */
function whenOn(check: Check): Check {
  return { ...check, run: async (view) => ((await view.isSecured()) ? check.run(view) : isOff) };
}

/** The function needs seconds, unless it waits for a person to mend something. */
const patienceMs = 60_000;

const marker = whenOn({
  id: "WST-INIT",
  async run(view) {
    const late = (await waiting(view)).filter((each) => view.io.now() - since(each) > patienceMs);
    if (late.length === 0) return ok(`nobody has waited for ${securityMarker} for more than ${patienceMs / 1000} s`);
    const names = late.map(({ metadata, ...each }) => {
      const path = metadata.annotations?.[pathAnnotation] ?? clusterOf({ metadata, ...each });
      return `${path} (${metadata.deletionTimestamp ? "being deleted" : "initializing"})`;
    });
    return fail(
      `${late.length} workspaces wait for ${securityMarker}, which nobody serves or which cannot go on: ${few(names)}`,
      "start pm run; pm why <path> tells what it waits for; pm bootstrap --security=off --release goes without",
    );
  },
});

/** What the initializer and the terminator are to see to, as the functions see it. */
async function waiting({ operator, config, io }: View): Promise<readonly LogicalCluster[]> {
  const { urls } = await readSecurityType(operator.read, securityMarker);
  const lists = [...urls.initializer, ...urls.terminator].map(async (url) => {
    const client = createClient({ config, basesOf: () => [url] });
    return client.list("LogicalCluster", "*", { signal: io.signal }).finally(() => client.close());
  });
  return (await Promise.all(lists)).flat();
}
const since = ({ metadata }: LogicalCluster) => Date.parse(metadata.deletionTimestamp ?? metadata.creationTimestamp);

const secretsClaim = whenOn({
  id: "SECRETS",
  needs: "endpoint",
  async run(view) {
    const { orgsPath } = defaultSettings;
    const ofSecrets = ({ resource }: { readonly resource: string }) => resource === "secrets";
    const binding = (await coreBindings(view)).find(
      ({ object }) => object.metadata.annotations?.[pathAnnotation] === orgsPath,
    );
    const accepted = binding?.claims.find(ofSecrets);
    if (!accepted) return fail(`${orgsPath} does not let the functions keep secrets`, repair);
    const wanted = JSON.stringify((await manifestOf("APIExport", true)).spec).includes('"defaultSelector"');
    if (wanted && !("defaultSelector" in accepted)) {
      return fail(`the functions cannot see their own secrets in ${orgsPath}: kcp forgot the selector`, repair);
    }
    return ok(`the functions see their own secrets in ${orgsPath}, and no others`);
  },
});

const orgs = whenOn({
  id: "ISSUER-ORGS",
  async run({ admin, io }) {
    if (!admin) return needsAdmin;
    const call = { signal: io.signal };
    const [issuer] = await issuersOf(admin, "orgs", call);
    if (!issuer) {
      const fix = "pm bootstrap --security=on --welcome-issuer-url <issuer>, or keep to users that kcp knows itself";
      return warn(`no issuer is asked about users of ${defaultSettings.orgsPath}`, fix);
    }
    return verdict(await lacksIssuer(admin, { cluster: defaultSettings.orgsPath, issuer }, call), welcomeName);
  },
});

/** As many orgs as show whether kcp asks issuers of orgs at all. */
const sample = 3;

const ofOrgs = whenOn({
  id: "ISSUERS",
  needs: "endpoint",
  async run(view) {
    const infos = (await view.everywhere("AccountInfo")).filter(
      ({ spec }) => spec.account.type === "org" && spec.oidc?.issuerUrl,
    );
    const call = { signal: view.io.signal };
    const lacks: string[] = [];
    for (const info of infos.slice(0, sample)) {
      // Directly: the functions are administrators of the workspaces that they make.
      const why = await lacksIssuer(
        view.operator,
        { cluster: clusterOf(info), issuer: info.spec.oidc?.issuerUrl ?? "" },
        call,
      );
      if (why) lacks.push(`${info.spec.account.path}: ${why}`);
    }
    if (infos.length === 0) return ok("no org has an issuer yet");
    return verdict(lacks.length > 0 ? lacks.join("; ") : undefined, `${Math.min(infos.length, sample)} orgs`);
  },
});

function verdict(why: string | undefined, whom: string): Verdict {
  if (!why) return ok(`kcp asks the issuer of ${whom}`);
  return fail(why, "start kcp with --feature-gates=WorkspaceAuthentication=true, and see its log");
}

const store: Check = {
  id: "FGA-ORGS",
  async run({ fga, io }) {
    return fga ? checkOrgsStore(fga, { signal: io.signal }) : ok("OpenFGA is not asked: --fga-url names it");
  },
};

export const securityChecks: readonly Check[] = [marker, secretsClaim, orgs, ofOrgs, store];

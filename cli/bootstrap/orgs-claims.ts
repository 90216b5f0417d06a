import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { Call } from "../../shared/kcp/client.ts";
import { kinds } from "../../shared/kcp/kinds.ts";
import type { APIBinding } from "../../shared/kcp/objects.ts";
import type { Client } from "../../shared/kcp/rest.ts";
import { coreExport } from "../../shared/names.ts";
import { defaultSettings } from "../../shared/settings.ts";
import { type Manifest, systemWorkspace } from "./manifests.ts";

const selector = z.looseObject({});
const exportClaim = z.looseObject({
  group: z.string().default(""),
  resource: z.string(),
  identityHash: z.string().optional(),
  verbs: z.array(z.string()),
  defaultSelector: selector.optional(),
});
const exporting = z.looseObject({ spec: z.looseObject({ permissionClaims: z.array(exportClaim) }) });
const boundClaim = z.looseObject({ ...exportClaim.shape, selector: selector.optional(), state: z.string().optional() });
const binding = z.looseObject({ spec: z.looseObject({ permissionClaims: z.array(boundClaim).default([]) }) });

/** Makes root:orgs accept every claim of the export, each with its selector, which kcp itself would forget (see
 *  deploy/kcp/security/03-root). Answers what it still had to change; `undefined` once nothing. */
export async function lacksClaims(client: Client, exportManifest: Manifest, call: Call): Promise<string | undefined> {
  const { orgsPath } = defaultSettings;
  const found = (await client.list("APIBinding", orgsPath, call)).find(isOfCore);
  if (!found) return `${orgsPath} does not bind ${coreExport} yet`;
  const accepted = binding.parse(found).spec.permissionClaims;
  const wanted = exporting.parse(exportManifest).spec.permissionClaims.map((claim) => ({
    ...claim,
    selector: claim.defaultSelector ?? { matchAll: true },
    state: "Accepted",
  }));
  const others = accepted.filter((claim) => !wanted.some((each) => isSame(each, claim)));
  const isAccepted = wanted.every((claim) =>
    isDeepStrictEqual(
      { identityHash: "", ...claim },
      accepted.find((each) => isSame(each, claim)),
    ),
  );
  if (isAccepted) return undefined;
  const { name, resourceVersion } = found.metadata;
  const patch = { metadata: { resourceVersion }, spec: { permissionClaims: [...others, ...wanted] } };
  await client.mergePatch(kinds.APIBinding, { cluster: orgsPath, name }, patch, call);
  return `${orgsPath} accepts the claims only now`;
}

const isOfCore = ({ spec }: APIBinding) =>
  spec.reference.export?.name === coreExport && spec.reference.export.path === systemWorkspace;
type Claim = z.infer<typeof exportClaim>;
const isSame = (a: Claim, b: Claim) =>
  a.group === b.group && a.resource === b.resource && (a.identityHash ?? "") === (b.identityHash ?? "");

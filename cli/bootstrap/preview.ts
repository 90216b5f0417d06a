import type { Io } from "../command.ts";
import { toYaml } from "../yaml.ts";
import type { Admin } from "./admin.ts";
import { type AdmissionFlags, chosenSteps, readAdmission } from "./admission.ts";
import { nameOf } from "./manifests.ts";
import { type Plan, planAll } from "./plan.ts";
import { checkPreconditions } from "./preconditions.ts";
import { refusePending } from "./release.ts";
import { refuseBreakingSchemas } from "./schema-upgrade.ts";
import { chosenSecurity, installationSteps, readSecurity, type SecurityFlags } from "./security.ts";

export interface PreviewOptions {
  /** Milliseconds, of each wait for kcp. */
  readonly waitMs: number;
  readonly admission: AdmissionFlags;
  readonly security?: SecurityFlags;
  /** Lists even what breaks the present schemas. */
  readonly force: boolean;
  readonly io: Pick<Io, "signal" | "stderr" | "now">;
}

/** The manifests as bootstrap applies them to this kcp, as YAML. */
export async function renderManifests(admin: Admin, options: PreviewOptions): Promise<string> {
  return (await stepsFor(admin, options))
    .flatMap(({ workspace, objects }) => objects.map((object) => `---\n# workspace: ${workspace}\n${toYaml(object)}`))
    .join("");
}

/** What an upgrade would do, one plan for each object that is missing, differs or goes. Throws when a schema would break. */
export async function planUpgrade(admin: Admin, options: PreviewOptions): Promise<readonly Plan[]> {
  const steps = await stepsFor(admin, options);
  const call = { signal: options.io.signal };
  if (!options.force) await refuseBreakingSchemas(admin.client, steps, call);
  return (await planAll(admin.client, steps, call)).filter(({ state }) => state !== "same");
}

async function stepsFor({ client, views }: Admin, { waitMs, io, ...flags }: PreviewOptions) {
  const call = { signal: io.signal };
  const admission = await readAdmission(flags.admission);
  const wish = await readSecurity(flags.security);
  const kcp = await checkPreconditions(client, { limitMs: waitMs, io });
  const security = await chosenSecurity(wish, client, call);
  if (wish.mode === "off" && !wish.release) await refusePending(client, views, call);
  const chosen = await chosenSteps(admission, client, call);
  return [...(await installationSteps(kcp, security)), ...chosen];
}

/** One object, and the fields at which it differs. */
export const inWords = ({ workspace, object, state, changes, isForeign }: Plan): string => {
  const details = isForeign ? ["others made it: delete it by hand"] : changes;
  return `${state}: ${nameOf(workspace, object)}${details.length > 0 ? `: ${details.join(", ")}` : ""}`;
};

import type { Client } from "../../shared/kcp/rest.ts";
import type { Io } from "../command.ts";
import { toYaml } from "../yaml.ts";
import { type AdmissionFlags, chosenSteps, readAdmission } from "./admission.ts";
import { loadSteps, manifestsFolder, nameOf } from "./manifests.ts";
import { type Plan, planAll } from "./plan.ts";
import { checkPreconditions } from "./preconditions.ts";
import { refuseBreakingSchemas } from "./schema-upgrade.ts";

export interface PreviewOptions {
  /** Milliseconds, of each wait for kcp. */
  readonly waitMs: number;
  readonly admission: AdmissionFlags;
  /** Lists even what breaks the present schemas. */
  readonly force: boolean;
  readonly io: Pick<Io, "signal" | "stderr" | "now">;
}

/** The manifests as bootstrap applies them to this kcp, as YAML. */
export async function renderManifests(client: Client, options: PreviewOptions): Promise<string> {
  return (await stepsFor(client, options))
    .flatMap(({ workspace, objects }) => objects.map((object) => `---\n# workspace: ${workspace}\n${toYaml(object)}`))
    .join("");
}

/** What an upgrade would do, one plan for each object that is missing, differs or goes. Throws when a schema would break. */
export async function planUpgrade(client: Client, options: PreviewOptions): Promise<readonly Plan[]> {
  const steps = await stepsFor(client, options);
  const call = { signal: options.io.signal };
  if (!options.force) await refuseBreakingSchemas(client, steps, call);
  return (await planAll(client, steps, call)).filter(({ state }) => state !== "same");
}

async function stepsFor(client: Client, { waitMs, admission: flags, io }: PreviewOptions) {
  const admission = await readAdmission(flags);
  const kcp = await checkPreconditions(client, { limitMs: waitMs, io });
  const chosen = await chosenSteps(admission, client, { signal: io.signal });
  return [...(await loadSteps(manifestsFolder, kcp)), ...chosen];
}

/** One object, and the fields at which it differs. */
export const inWords = ({ workspace, object, state, changes, isForeign }: Plan): string => {
  const details = isForeign ? ["others made it: delete it by hand"] : changes;
  return `${state}: ${nameOf(workspace, object)}${details.length > 0 ? `: ${details.join(", ")}` : ""}`;
};

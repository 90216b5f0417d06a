import type { AdmissionSettings } from "../../functions/validate-account/rules.ts";
import { adminsMay } from "../../functions/validate-account/rules.ts";
import type { Call } from "../../shared/kcp/client.ts";
import type { Client } from "../../shared/kcp/rest.ts";
import { allowedTypes, reservedNames } from "../../shared/naming.ts";
import { UsageError } from "../errors.ts";
import { lacksRefusal } from "./admission-probe.ts";
import { celList, celText } from "./cel-literal.ts";
import { loadSteps, type Manifest, manifestsFolder, type Step, systemWorkspace, type Webhooks } from "./manifests.ts";
import { readLive } from "./plan.ts";
import { readWebhooks, type WebhookFlags } from "./webhooks.ts";

/** Who refuses Accounts that can never become a workspace: a server, kcp by itself, or nobody. */
export const admissionForms = ["webhook", "policy", "none"] as const;
export type AdmissionForm = (typeof admissionForms)[number];

export type PolicySettings = Pick<AdmissionSettings, "additionalAccountTypes" | "deniedOrgNames" | "creatorAdminGroup">;
/** As flags say it. */
export interface AdmissionFlags {
  readonly form?: AdmissionForm | undefined;
  readonly webhooks?: WebhookFlags;
  /** Of the policy; a server has flags of its own. */
  readonly settings: PolicySettings;
}
export type Admission =
  | { readonly form: "webhook"; readonly webhooks: Webhooks }
  /** By default where nobody has chosen, then webhooks that are there stay. */
  | { readonly form: "policy"; readonly settings: PolicySettings; readonly isDefault: boolean }
  | { readonly form: "none" };

/** What the flags mean together. Throws UsageError. */
export async function readAdmission({ form, webhooks: flags, settings }: AdmissionFlags): Promise<Admission> {
  const next = "pm bootstrap --help";
  const webhooks = await readWebhooks(flags);
  if (webhooks && form !== undefined && form !== "webhook") {
    throw new UsageError(`--admission=${form} takes no --webhook-url`, { next });
  }
  if (webhooks) return { form: "webhook", webhooks };
  if (form === "webhook") throw new UsageError("--admission=webhook needs --webhook-url and --webhook-ca", { next });
  return form === "none" ? { form } : { form: "policy", settings, isDefault: form === undefined };
}

const folderOf = (name: string) => new URL(`${name}/`, manifestsFolder);
const fromFolder = async (name: string, texts: Readonly<Record<string, string>>) =>
  loadSteps(folderOf(name), { tenancyIdentityHash: "", texts });
const objectsIn = (steps: readonly Step[]): readonly Manifest[] => steps.flatMap(({ objects }) => objects);

/** The objects of the webhooks, and of the policy, by name alone. */
export async function admissionObjects() {
  const [webhook, policy] = await Promise.all([fromFolder("webhooks", {}), fromFolder("policy", {})]);
  return { webhook: objectsIn(webhook), policy: objectsIn(policy) };
}

/** Puts one form in place, waits until it refuses, and only then takes the other away. */
export async function admissionSteps(admission: Admission): Promise<readonly Step[]> {
  const { webhook, policy } = await admissionObjects();
  const { form } = admission;
  if (form === "none") {
    const unwanted = { objects: [...webhook, ...policy], isReplaced: false };
    return [{ workspace: systemWorkspace, title: "no admission", objects: [], unwanted }];
  }
  const steps =
    form === "webhook"
      ? await fromFolder("webhooks", webhookTexts(admission.webhooks))
      : await fromFolder("policy", policyTexts(admission.settings));
  const unwanted = { objects: form === "webhook" ? policy : webhook, isReplaced: true };
  const lacks = (client: Client, call: Call) => lacksRefusal(client, form, call);
  return steps.map((step) => ({ ...step, title: `admission by ${form}`, unwanted, lacks }));
}

/** As admissionSteps, but webhooks that are there stay until somebody chooses: a second run without the flags of the
 *  first must not lower what is checked. */
export async function chosenSteps(admission: Admission, client: Client, call: Call): Promise<readonly Step[]> {
  if (admission.form === "policy" && admission.isDefault) {
    const { webhook } = await admissionObjects();
    const live = await Promise.all(webhook.map((object) => readLive(client, systemWorkspace, object, call)));
    if (live.some(Boolean)) return [{ workspace: systemWorkspace, title: "admission stays by webhook", objects: [] }];
  }
  return admissionSteps(admission);
}

function webhookTexts({ url, ca }: Webhooks): Readonly<Record<string, string>> {
  return { webhookUrl: url, webhookCa: Buffer.from(ca).toString("base64") };
}

/** A policy has no parameters (kcp-facts V17): what an installation chooses is written into its expressions. */
function policyTexts(settings: PolicySettings): Readonly<Record<string, string>> {
  const types = allowedTypes(settings);
  return {
    accountTypes: celList(types),
    accountTypesInWords: celText(types.join(", ")),
    reservedOrgNames: celList(reservedNames(settings)),
    creatorAdminGroups: celList(settings.creatorAdminGroup === undefined ? [] : [settings.creatorAdminGroup]),
    creatorAdminsMay: celText(adminsMay(settings)),
  };
}

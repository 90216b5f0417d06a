import type { Call } from "../../shared/kcp/client.ts";
import type { Client } from "../../shared/kcp/rest.ts";
import { admissionObjects } from "../bootstrap/admission.ts";
import { type Probed, probe } from "../bootstrap/admission-probe.ts";
import { type Manifest, nameOf, systemWorkspace } from "../bootstrap/manifests.ts";
import { readLive } from "../bootstrap/plan.ts";
import { asAdmin } from "./as-admin.ts";
import { fail, few, ok, type Verdict, warn } from "./check.ts";

type Form = "webhook" | "policy";

const plural = { webhook: "webhooks", policy: "policy" } as const;
const again = {
  webhook: "pm bootstrap with --webhook-url and --webhook-ca",
  policy: "pm bootstrap --admission=policy",
} as const;

/** Who refuses Accounts that can never become a workspace, and whether that works: one is tried, and not stored. */
export const admissionCheck = asAdmin("ADMISSION", async (admin, view) => {
  const call = { signal: view.io.signal };
  const objects = await admissionObjects();
  const webhook = await lookFor(objects.webhook, admin, call);
  const policy = await lookFor(objects.policy, admin, call);
  if (webhook.there > 0 && policy.there > 0) {
    return warn(
      "both the webhooks and the policy are there",
      `${again.policy}, or ${again.webhook}: one of them stays`,
    );
  }
  const [form, { absent }] = webhook.there > 0 ? (["webhook", webhook] as const) : (["policy", policy] as const);
  if (webhook.there + policy.there === 0) {
    return warn("nobody refuses Accounts that can never become a workspace, nor a false creator", "pm bootstrap");
  }
  if (absent.length > 0) return warn(`the ${plural[form]}: incomplete without ${few(absent)}`, again[form]);
  return verdictOn(form, await probe(admin, form, call));
});

function verdictOn(form: Form, { by, message }: Probed): Verdict {
  if (by === form) return ok(`Accounts are checked by the ${plural[form]}`);
  if (by === "broken webhook") {
    return fail(message, `pm run --webhooks-enabled where the webhooks point to, or ${again.policy}`);
  }
  return fail(`the ${plural[form]}: there, but not at work: ${message}`, `see the log of kcp, then ${again[form]}`);
}

async function lookFor(objects: readonly Manifest[], admin: Client, call: Call) {
  const live = await Promise.all(objects.map((object) => readLive(admin, systemWorkspace, object, call)));
  const absent = objects.filter((_, index) => !live[index]);
  return { there: objects.length - absent.length, absent: absent.map((object) => nameOf(systemWorkspace, object)) };
}

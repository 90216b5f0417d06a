import type { Call } from "../../shared/kcp/client.ts";
import { messageOf } from "../../shared/kcp/errors.ts";
import { apiVersionOf, kinds } from "../../shared/kcp/kinds.ts";
import type { Client } from "../../shared/kcp/rest.ts";
import { defaultSettings } from "../../shared/settings.ts";

type Form = "webhook" | "policy";

/** An Account that each refuses, and the other does not before it: where an Account may be only the webhook knows. */
const probes: Readonly<Record<Form, { readonly name: string; readonly type: string }>> = {
  policy: { name: "x", type: "org" },
  webhook: { name: "pm-probe", type: "account" },
};

export interface Probed {
  /** Who refused it; `undefined` when it would have been stored. */
  readonly by: Form | "broken webhook" | "others" | undefined;
  readonly message: string;
}

/** Tries to create an Account that may not be, without storing it. */
export async function probe(client: Client, form: Form, call: Call): Promise<Probed> {
  const { name, type } = probes[form];
  const { group, version, plural } = kinds.Account;
  const body = {
    apiVersion: apiVersionOf(kinds.Account),
    kind: "Account",
    metadata: { name },
    spec: { type, displayName: "pm: is this refused?" },
  };
  try {
    const path = `/apis/${group}/${version}/${plural}?dryRun=All`;
    await client.request({ method: "POST", cluster: defaultSettings.orgsPath, path, body }, call);
    return { by: undefined, message: `an ${type} ${name} in ${defaultSettings.orgsPath} would be taken` };
  } catch (error) {
    const message = messageOf(error);
    const by = signs.find(([sign]) => message.includes(sign))?.[1] ?? "others";
    return { by, message };
  }
}

const signs: readonly (readonly [string, NonNullable<Probed["by"]>])[] = [
  ["ValidatingAdmissionPolicy 'accounts'", "policy"],
  ['admission webhook "vaccount.kb.io" denied', "webhook"],
  ['failed calling webhook "maccount.kb.io"', "broken webhook"],
  ['failed calling webhook "vaccount.kb.io"', "broken webhook"],
];

/** What keeps kcp from refusing Accounts by this form; `undefined` when nothing. A webhook that does not answer stands
 *  before a policy, and refuses all: it is no reason to wait. */
export async function lacksRefusal(client: Client, form: Form, call: Call): Promise<string | undefined> {
  const { by, message } = await probe(client, form, call);
  return by === form || (form === "policy" && by === "broken webhook") ? undefined : message;
}

import type { Review } from "../api/admission.ts";
import { asArray, asObject, at, type JsonObject, strings } from "../json.ts";
import type { Obj } from "../object.ts";
import { forbidden, invalid, qualified, StatusError } from "../status-error.ts";
import type { Store } from "../store/store.ts";
import type { Values } from "./cel.ts";
import { isInRules, isSelected, namespaceOf } from "./meant.ts";
import type { Denial } from "./policy.ts";
import { requestOf } from "./request.ts";

const group = "admissionregistration.k8s.io";

/** CEL is loaded where somebody has an expression: most control planes never see one. */
const load = async () => {
  const [{ celValue }, policy] = await Promise.all([import("./cel.ts"), import("./policy.ts")]);
  return { celValue, ...policy };
};

/** What the expressions of policies and webhooks are told about a write. */
export async function valuesOf(store: Store, review: Review): Promise<Values> {
  const { celValue } = await load();
  const { object, before } = review;
  return {
    object: celValue(object),
    oldObject: celValue(before),
    request: celValue(requestOf(review)),
    namespaceObject: celValue(namespaceOf(store, review)),
  };
}

/** Throws what a ValidatingAdmissionPolicy refuses: of a bound type one of its provider, else one of the workspace.
 *  One with a paramKind is left out, which no kcp of this version survives. */
export async function askPolicies(store: Store, review: Review): Promise<void> {
  // No policy can keep itself from being mended.
  if (review.type.group === group) return;
  const home = review.type.binding?.exportCluster ?? review.cluster;
  for (const policy of store.list(`validatingadmissionpolicies.${group}`, home)) {
    const spec = asObject(policy.spec);
    if (spec.paramKind !== undefined || !isMatched(store, asObject(spec.matchConstraints), review)) continue;
    const bindings = [...store.list(`validatingadmissionpolicybindings.${group}`, home)]
      .filter((binding) => at(binding.spec, "policyName") === policy.metadata.name)
      .filter((binding) => isMatched(store, asObject(at(binding.spec, "matchResources")), review, true));
    if (bindings.length === 0) continue;
    const denials = await denialsOf(policy, await valuesOf(store, review));
    for (const binding of bindings) enforce({ policy, binding, denials, review });
  }
}

/** Throws 422 for a policy whose expressions could not be evaluated. */
export async function validatePolicy({ type, operation, object, name }: Review): Promise<void> {
  if (type.group !== group || type.kind !== "ValidatingAdmissionPolicy" || operation === "DELETE" || !object) return;
  const { policyOf } = await load();
  const { causes } = policyOf(object);
  if (at(object.spec, "paramKind") === undefined && causes.length > 0) throw invalid(type, name, causes);
}

/** Whether the matchConditions of a webhook let it be asked. Throws 403 when that cannot be told, and must be. */
export async function meetsConditions(store: Store, webhook: JsonObject, review: Review): Promise<boolean> {
  if (asArray(webhook.matchConditions).length === 0) return true;
  const { Policy } = await load();
  try {
    return new Policy(webhook, "").isMeant(await valuesOf(store, review));
  } catch (error) {
    if (webhook.failurePolicy === "Ignore") return false;
    throw forbidden(review.type, review.name, messageOf(error));
  }
}

function isMatched(store: Store, constraints: JsonObject, review: Review, isAnyWithoutRules = false): boolean {
  const { resourceRules, excludeResourceRules } = constraints;
  const isMeant = (isAnyWithoutRules && asArray(resourceRules).length === 0) || isInRules(resourceRules, review);
  return isMeant && !isInRules(excludeResourceRules, review) && isSelected(store, constraints, review);
}

async function denialsOf(policy: Obj, values: Values): Promise<readonly Denial[]> {
  const { policyOf } = await load();
  const mayFail = at(policy.spec, "failurePolicy") === "Ignore";
  try {
    return policyOf(policy).isMeant(values) ? policyOf(policy).denials(values, mayFail) : [];
  } catch (error) {
    return mayFail ? [] : [{ message: messageOf(error), reason: "" }];
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

interface Found {
  readonly policy: Obj;
  readonly binding: Obj;
  readonly denials: readonly Denial[];
  readonly review: Review;
}

function enforce({ policy, binding, denials, review }: Found): void {
  const actions = strings(at(binding.spec, "validationActions"));
  const names = `ValidatingAdmissionPolicy '${policy.metadata.name}' with binding '${binding.metadata.name}'`;
  if (actions.includes("Warn")) {
    for (const { message } of denials) review.warn(`Validation failed for ${names}: ${message}`);
  }
  const [first] = denials;
  if (!first || !actions.includes("Deny")) return;
  const { type, name } = review;
  const message = `${names} denied request: ${first.message}`;
  const reason = first.reason || "Invalid";
  const what = name ? `${qualified(type.group, type.plural)} "${name}"` : qualified(type.group, type.plural);
  throw new StatusError(`${what} is forbidden: ${message}`, {
    code: codes[reason] ?? 422,
    reason,
    details: {
      ...(name && { name }),
      ...(type.group && { group: type.group }),
      kind: type.plural,
      causes: [{ message }],
    },
  });
}

const codes: Readonly<Record<string, number>> = { Forbidden: 403, Invalid: 422, RequestEntityTooLarge: 413 };

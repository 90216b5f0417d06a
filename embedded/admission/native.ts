import type { Review } from "../api/admission.ts";
import { asArray, asObject, asString, at, equal, type Json, type JsonObject } from "../json.ts";
import type { Obj } from "../object.ts";
import { type Cause, invalid } from "../status-error.ts";

type Present = Review & { readonly object: Obj };

/** Throws 422 for what Kubernetes refuses of types of its own, besides what their schemas say. */
export function validateNative(review: Review): void {
  const check = checks[review.type.kind];
  if (!check || review.operation === "DELETE" || !review.object || !review.type.isNative) return;
  const causes = check({ ...review, object: review.object });
  if (causes.length > 0) throw invalid(review.type, review.name, causes);
}

const wrong = (field: string, value: Json | undefined, why: string): Cause => ({
  reason: "FieldValueInvalid",
  message: `Invalid value: ${JSON.stringify(value)}: ${why}`,
  field,
});
const required = (field: string, why = ""): Cause => ({
  reason: "FieldValueRequired",
  message: `Required value${why && `: ${why}`}`,
  field,
});
const unsupported = (field: string, value: Json | undefined, values: readonly string[]): Cause => ({
  reason: "FieldValueNotSupported",
  message: `Unsupported value: ${JSON.stringify(value)}: supported values: ${values.map((each) => `"${each}"`).join(", ")}`,
  field,
});

const checks: Readonly<Record<string, (review: Present) => readonly Cause[]>> = {
  ConfigMap: (review) => [...keys(review, "data", "binaryData"), ...immutable(review)],
  Secret: (review) => [...keys(review, "data"), ...secretType(review), ...immutable(review)],
  Lease: ({ object }) => {
    const seconds = at(object.spec, "leaseDurationSeconds");
    const isShort = typeof seconds === "number" && seconds <= 0;
    return isShort ? [wrong("spec.leaseDurationSeconds", seconds, "must be greater than 0")] : [];
  },
  Event: ({ object }) => {
    const namespace = at(object.involvedObject, "namespace") ?? "";
    const home = namespace === "" ? "default" : namespace;
    const isElsewhere = home !== object.metadata.namespace;
    return isElsewhere ? [wrong("involvedObject.namespace", namespace, "does not match event.namespace")] : [];
  },
  ClusterRole: ({ object }) =>
    asArray(object.rules).flatMap((rule, index) => ruleCauses(rule, `rules[${index}]`, true)),
  Role: ({ object }) => asArray(object.rules).flatMap((rule, index) => ruleCauses(rule, `rules[${index}]`, false)),
  ClusterRoleBinding: (review) => [...roleRef(review), ...subjects(review)],
  RoleBinding: (review) => [...roleRef(review), ...subjects(review)],
  MutatingWebhookConfiguration: webhooks,
  ValidatingWebhookConfiguration: webhooks,
  ValidatingAdmissionPolicy: policy,
  ValidatingAdmissionPolicyBinding: policyBinding,
};

const keyText =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

function keys({ object }: Present, ...fields: readonly string[]): readonly Cause[] {
  return fields.flatMap((field) =>
    Object.keys(asObject(object[field]))
      .filter((key) => !/^[-._a-zA-Z0-9]+$/.test(key))
      .map((key) => wrong(`${field}[${key}]`, key, keyText)),
  );
}

function immutable({ object, before }: Present): readonly Cause[] {
  if (before?.immutable !== true) return [];
  const fixed = (field: string): Cause => ({
    reason: "FieldValueForbidden",
    message: "Forbidden: field is immutable when `immutable` is set",
    field,
  });
  const changed = ["data", "binaryData"].filter((field) => !equal(object[field], before[field]));
  return [...(object.immutable === true ? [] : [fixed("immutable")]), ...changed.map(fixed)];
}

function secretType({ object, before }: Present): readonly Cause[] {
  return before && object.type !== before.type ? [wrong("type", object.type, "field is immutable")] : [];
}

/** Rules name verbs, and either API groups with resources or, for the whole cluster, paths. */
function ruleCauses(rule: Json, field: string, isWide: boolean): readonly Cause[] {
  const has = (name: string) => asArray(at(rule, name)).length > 0;
  const verbs = has("verbs") ? [] : [required(`${field}.verbs`, "verbs must contain at least one value")];
  if (has("nonResourceURLs")) {
    const paths = at(rule, "nonResourceURLs");
    const place = `${field}.nonResourceURLs`;
    if (!isWide) return [...verbs, wrong(place, paths, "namespaced rules cannot apply to non-resource URLs")];
    const isMixed = has("apiGroups") || has("resources") || has("resourceNames");
    const why = "rules cannot apply to both regular resources and non-resource URLs";
    return isMixed ? [...verbs, wrong(place, paths, why)] : verbs;
  }
  return [
    ...verbs,
    ...(has("apiGroups") ? [] : [required(`${field}.apiGroups`, "resource rules must supply at least one api group")]),
    ...(has("resources") ? [] : [required(`${field}.resources`, "resource rules must supply at least one resource")]),
  ];
}

function roleRef({ object, before }: Present): readonly Cause[] {
  if (!before || equal(object.roleRef, before.roleRef)) return [];
  const { apiGroup, kind, name } = asObject(object.roleRef);
  const shown: JsonObject = { APIGroup: apiGroup ?? "", Kind: kind ?? "", Name: name ?? "" };
  return [wrong("roleRef", shown, "cannot change roleRef")];
}

const subjectKinds = ["ServiceAccount", "User", "Group"];

function subjects({ object }: Present): readonly Cause[] {
  return asArray(object.subjects).flatMap((subject, index) => {
    const field = `subjects[${index}]`;
    const kind = asString(at(subject, "kind"));
    if (!subjectKinds.includes(kind)) return [unsupported(`${field}.kind`, kind, subjectKinds)];
    const isHomeless = kind === "ServiceAccount" && asString(at(subject, "namespace")) === "";
    return isHomeless ? [required(`${field}.namespace`)] : [];
  });
}

function webhooks({ object }: Present): readonly Cause[] {
  return asArray(object.webhooks).flatMap((webhook, index) => webhookCauses(asObject(webhook), `webhooks[${index}]`));
}

function webhookCauses(webhook: JsonObject, field: string): readonly Cause[] {
  const { sideEffects, timeoutSeconds } = webhook;
  const name = asString(webhook.name);
  const url = asString(at(webhook.clientConfig, "url"));
  const scheme = url.split(":")[0];
  const causes: Cause[] = [];
  if (name.split(".").filter(Boolean).length < 3) {
    causes.push(wrong(`${field}.name`, name, "should be a domain with at least three segments separated by dots"));
  }
  if (sideEffects === undefined)
    causes.push(required(`${field}.sideEffects`, "must specify one of None, NoneOnDryRun"));
  if (typeof timeoutSeconds === "number" && (timeoutSeconds < 1 || timeoutSeconds > 30)) {
    const why = "the timeout value must be between 1 and 30 seconds";
    causes.push(wrong(`${field}.timeoutSeconds`, timeoutSeconds, why));
  }
  if (url && scheme !== "https") {
    const why = "'https' is the only allowed URL scheme; desired format: https://host[/path]";
    causes.push(wrong(`${field}.clientConfig.url`, scheme, why));
  }
  return causes;
}

const reasons = ["Forbidden", "Invalid", "RequestEntityTooLarge"];
const failurePolicies = ["Fail", "Ignore"];
const actions = ["Audit", "Deny", "Warn"];

/** What is wrong with its expressions, policy.ts tells. */
function policy({ object: { spec } }: Present): readonly Cause[] {
  const { failurePolicy, matchConstraints, validations, auditAnnotations } = asObject(spec);
  const causes: Cause[] = [];
  const failure = asString(failurePolicy);
  if (!failurePolicies.includes(failure)) causes.push(unsupported("spec.failurePolicy", failure, failurePolicies));
  if (matchConstraints === undefined) causes.push(required("spec.matchConstraints"));
  else if (asArray(at(matchConstraints, "resourceRules")).length === 0)
    causes.push(required("spec.matchConstraints.resourceRules"));
  if (asArray(validations).length + asArray(auditAnnotations).length === 0) {
    const why = "validations or auditAnnotations must contain at least one item";
    causes.push(required("spec.validations", why), required("spec.auditAnnotations", why));
  }
  for (const [index, validation] of asArray(validations).entries()) {
    const reason = at(validation, "reason");
    if (reason === undefined || reasons.includes(asString(reason))) continue;
    causes.push(unsupported(`spec.validations[${index}].reason`, reason, reasons));
  }
  return causes;
}

function policyBinding({ object: { spec } }: Present): readonly Cause[] {
  const { policyName, validationActions } = asObject(spec);
  const given = asArray(validationActions);
  const causes: Cause[] = [];
  if (!asString(policyName)) causes.push(required("spec.policyName"));
  if (given.length === 0) causes.push(required("spec.validationActions", "at least one validation action is required"));
  for (const [index, action] of given.entries()) {
    if (!actions.includes(asString(action)))
      causes.push(unsupported(`spec.validationActions[${index}]`, action, actions));
  }
  if (given.includes("Deny") && given.includes("Warn")) {
    const why =
      "must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)";
    causes.push(wrong("spec.validationActions", [...given], why));
  }
  return causes;
}

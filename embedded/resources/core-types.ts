import { anyObject, anything, byKeys, flag, listOf, mapOf, object, text, time, whole } from "../schema/schema.ts";
import { createdAt, namedBy, roleOf, subjectColumn } from "./cells.ts";
import { ageInWords, column, defineType } from "./define.ts";
import type { ResourceType } from "./resource-type.ts";

const reference = object(
  {
    apiVersion: text(),
    fieldPath: text(),
    kind: text(),
    name: text(),
    namespace: text(),
    resourceVersion: text(),
    uid: text(),
  },
  { "x-kubernetes-map-type": "atomic" },
);
const localReference = object({ name: text() });
const anyValues = mapOf({ "x-kubernetes-int-or-string": true });

const core = (definition: Parameters<typeof defineType>[3]) => defineType("", "v1", true, definition);

/** Types of Kubernetes that a kcp workspace serves by itself, without controllers of their own unless said elsewhere. */
export const coreTypes: readonly ResourceType[] = [
  core({
    kind: "Namespace",
    shortNames: ["ns"],
    hasStatus: true,
    columns: [column("Status", ".status.phase"), ageInWords],
    fields: {
      spec: object({ finalizers: listOf(text()) }),
      status: object({ phase: text(), conditions: byKeys(["type"], anyObject()) }),
    },
  }),
  core({
    kind: "ConfigMap",
    namespaced: true,
    shortNames: ["cm"],
    columns: [column("Data", ".data", { type: "count" }), ageInWords],
    fields: { data: mapOf(text()), binaryData: mapOf(text({ format: "byte" })), immutable: flag() },
  }),
  core({
    kind: "Secret",
    namespaced: true,
    columns: [column("Type", ".type"), column("Data", ".data", { type: "count" }), ageInWords],
    fields: {
      data: mapOf(text({ format: "byte" })),
      stringData: mapOf(text()),
      immutable: flag(),
      type: text(),
    },
  }),
  core({
    kind: "ServiceAccount",
    namespaced: true,
    shortNames: ["sa"],
    columns: [ageInWords],
    fields: {
      automountServiceAccountToken: flag(),
      imagePullSecrets: byKeys(["name"], localReference),
      secrets: byKeys(["name"], reference),
    },
  }),
  core({
    kind: "ResourceQuota",
    namespaced: true,
    shortNames: ["quota"],
    hasStatus: true,
    columns: [ageInWords],
    fields: {
      spec: object({ hard: anyValues, scopes: listOf(text()), scopeSelector: anyObject() }),
      status: object({ hard: anyValues, used: anyValues }),
    },
  }),
  core({
    kind: "Event",
    namespaced: true,
    shortNames: ["ev"],
    columns: [
      column("Last Seen", ".lastTimestamp", { type: "since" }),
      column("Type", ".type"),
      column("Reason", ".reason"),
      { name: "Object", type: "string", text: (event) => namedBy(event, "involvedObject") },
      column("Subobject", ".involvedObject.fieldPath", { priority: 1 }),
      column("Source", ".source.component", { priority: 1 }),
      column("Message", ".message"),
      column("First Seen", ".firstTimestamp", { type: "since", priority: 1 }),
      column("Count", ".count", { priority: 1 }),
      column("Name", ".metadata.name", { priority: 1 }),
    ],
    fields: {
      action: text(),
      count: whole(),
      eventTime: time({ nullable: true }),
      firstTimestamp: time({ nullable: true }),
      "involvedObject!": reference,
      lastTimestamp: time({ nullable: true }),
      message: text(),
      reason: text(),
      related: reference,
      reportingComponent: text(),
      reportingInstance: text(),
      series: object({ count: whole(), lastObservedTime: time() }),
      source: object({ component: text(), host: text() }),
      type: text(),
    },
  }),
  defineType("coordination.k8s.io", "v1", true, {
    kind: "Lease",
    namespaced: true,
    columns: [column("Holder", ".spec.holderIdentity"), ageInWords],
    fields: {
      spec: object({
        acquireTime: time(),
        holderIdentity: text(),
        leaseDurationSeconds: whole(),
        leaseTransitions: whole(),
        preferredHolder: text(),
        renewTime: time(),
        strategy: text(),
      }),
    },
  }),
  ...rbacTypes(),
  ...admissionTypes(),
];

function rbacTypes(): readonly ResourceType[] {
  const rules = listOf(
    object({
      apiGroups: listOf(text()),
      nonResourceURLs: listOf(text()),
      resourceNames: listOf(text()),
      resources: listOf(text()),
      verbs: listOf(text()),
    }),
  );
  const subjects = listOf(object({ apiGroup: text(), "kind!": text(), "name!": text(), namespace: text() }));
  const roleRef = object({ apiGroup: text(), "kind!": text(), "name!": text() }, { "x-kubernetes-map-type": "atomic" });
  const rbac = (definition: Parameters<typeof defineType>[3]) =>
    defineType("rbac.authorization.k8s.io", "v1", true, definition);
  const created = column("Created At", ".metadata.creationTimestamp", { type: "date", text: createdAt });
  const binding = [
    { name: "Role", type: "string", text: roleOf },
    ageInWords,
    subjectColumn("Users", "User"),
    subjectColumn("Groups", "Group"),
    subjectColumn("ServiceAccounts", "ServiceAccount"),
  ];
  return [
    rbac({ kind: "ClusterRole", columns: [created], fields: { rules, aggregationRule: anyObject() } }),
    rbac({ kind: "ClusterRoleBinding", columns: binding, fields: { "roleRef!": roleRef, subjects } }),
    rbac({ kind: "Role", namespaced: true, columns: [created], fields: { rules } }),
    rbac({ kind: "RoleBinding", namespaced: true, columns: binding, fields: { "roleRef!": roleRef, subjects } }),
  ];
}

function admissionTypes(): readonly ResourceType[] {
  const group = "admissionregistration.k8s.io";
  const categories = ["api-extensions"];
  const selector = anyObject({ default: {} });
  const rule = object({
    apiGroups: listOf(text()),
    apiVersions: listOf(text()),
    operations: listOf(text()),
    resources: listOf(text()),
    scope: text({ default: "*" }),
  });
  const webhook = {
    "name!": text(),
    admissionReviewVersions: listOf(text()),
    clientConfig: anyObject(),
    failurePolicy: text({ default: "Fail" }),
    matchConditions: byKeys(["name"], anyObject()),
    matchPolicy: text({ default: "Equivalent" }),
    namespaceSelector: selector,
    objectSelector: selector,
    rules: listOf(rule),
    sideEffects: text(),
    timeoutSeconds: whole({ default: 10 }),
  };
  const validating = byKeys(["name"], object(webhook));
  const mutating = byKeys(["name"], object({ ...webhook, reinvocationPolicy: text({ default: "Never" }) }));
  const rules = listOf(object({ ...rule.properties, resourceNames: listOf(text()) }));
  const matching = {
    excludeResourceRules: rules,
    matchPolicy: text({ default: "Equivalent" }),
    namespaceSelector: selector,
    objectSelector: selector,
    resourceRules: rules,
  };
  const named = byKeys(["name"], object({ "name!": text(), expression: text() }));
  const validation = object({ expression: text(), message: text(), messageExpression: text(), reason: text() });
  const policy = object({
    auditAnnotations: listOf(anyObject()),
    failurePolicy: text({ default: "Fail" }),
    matchConditions: named,
    matchConstraints: object(matching),
    paramKind: object({ apiVersion: text(), kind: text() }),
    validations: listOf(validation),
    variables: named,
  });
  const policyBinding = object({
    matchResources: object(matching),
    paramRef: anyObject(),
    policyName: text(),
    validationActions: listOf(text()),
  });
  const define = (definition: Parameters<typeof defineType>[3]) =>
    defineType(group, "v1", true, { categories, ...definition });
  return [
    define({
      kind: "MutatingWebhookConfiguration",
      columns: [column("Webhooks", ".webhooks", { type: "count" }), ageInWords],
      fields: { webhooks: mutating },
    }),
    define({
      kind: "ValidatingWebhookConfiguration",
      columns: [column("Webhooks", ".webhooks", { type: "count" }), ageInWords],
      fields: { webhooks: validating },
    }),
    define({
      kind: "ValidatingAdmissionPolicy",
      plural: "validatingadmissionpolicies",
      hasStatus: true,
      columns: [ageInWords],
      fields: { spec: policy, status: anything() },
    }),
    define({
      kind: "ValidatingAdmissionPolicyBinding",
      columns: [column("PolicyName", ".spec.policyName"), ageInWords],
      fields: { spec: policyBinding },
    }),
  ];
}

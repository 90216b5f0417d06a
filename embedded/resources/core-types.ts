import { anyObject, anything, byKeys, flag, listOf, mapOf, object, text, time, whole } from "../schema/schema.ts";
import { age, column, defineType } from "./define.ts";
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
    columns: [column("Status", ".status.phase"), age],
    fields: {
      spec: object({ finalizers: listOf(text()) }),
      status: object({ phase: text(), conditions: byKeys(["type"], anyObject()) }),
    },
  }),
  core({
    kind: "ConfigMap",
    namespaced: true,
    shortNames: ["cm"],
    columns: [column("Data", ".data", { type: "count" }), age],
    fields: { data: mapOf(text()), binaryData: mapOf(text({ format: "byte" })), immutable: flag() },
  }),
  core({
    kind: "Secret",
    namespaced: true,
    columns: [column("Type", ".type"), column("Data", ".data", { type: "count" }), age],
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
    columns: [column("Secrets", ".secrets", { type: "count" }), age],
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
    columns: [age],
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
      column("Last Seen", ".lastTimestamp", { type: "date" }),
      column("Type", ".type"),
      column("Reason", ".reason"),
      column("Object", ".involvedObject.name"),
      column("Message", ".message"),
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
    columns: [column("Holder", ".spec.holderIdentity"), age],
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
  const roleRef = object(
    { apiGroup: text(), "kind!": text(), "name!": text() },
    { immutable: "cannot change roleRef", "x-kubernetes-map-type": "atomic" },
  );
  const rbac = (definition: Parameters<typeof defineType>[3]) =>
    defineType("rbac.authorization.k8s.io", "v1", true, definition);
  const created = column("Created At", ".metadata.creationTimestamp");
  const role = column("Role", ".roleRef.name");
  return [
    rbac({ kind: "ClusterRole", columns: [created], fields: { rules, aggregationRule: anyObject() } }),
    rbac({ kind: "ClusterRoleBinding", columns: [role, age], fields: { "roleRef!": roleRef, subjects } }),
    rbac({ kind: "Role", namespaced: true, columns: [created], fields: { rules } }),
    rbac({ kind: "RoleBinding", namespaced: true, columns: [role, age], fields: { "roleRef!": roleRef, subjects } }),
  ];
}

function admissionTypes(): readonly ResourceType[] {
  const group = "admissionregistration.k8s.io";
  const categories = ["api-extensions"];
  const webhooks = byKeys(["name"], anyObject({ required: ["name"], properties: { name: text() } }));
  const define = (definition: Parameters<typeof defineType>[3]) =>
    defineType(group, "v1", true, { categories, ...definition });
  return [
    define({
      kind: "MutatingWebhookConfiguration",
      columns: [column("Webhooks", ".webhooks", { type: "count" }), age],
      fields: { webhooks },
    }),
    define({
      kind: "ValidatingWebhookConfiguration",
      columns: [column("Webhooks", ".webhooks", { type: "count" }), age],
      fields: { webhooks },
    }),
    define({
      kind: "ValidatingAdmissionPolicy",
      plural: "validatingadmissionpolicies",
      hasStatus: true,
      columns: [age],
      fields: { spec: anything(), status: anything() },
    }),
    define({
      kind: "ValidatingAdmissionPolicyBinding",
      columns: [column("PolicyName", ".spec.policyName"), age],
      fields: { spec: anything() },
    }),
  ];
}

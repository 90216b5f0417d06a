import { asArray } from "../json.ts";
import { anyObject, byKeys, flag, listOf, mapOf, object, type Schema, setOf, text, whole } from "../schema/schema.ts";
import { convertBinding, convertExport } from "./conversions.ts";
import { age, column, conditions, defineType, schemaOf } from "./define.ts";
import type { ResourceType } from "./resource-type.ts";

/** Shared with the types that root exports. */
export const categories = ["kcp"];
export const path = text({ pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(:[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$" });
const apiGroup = text({
  default: "",
  pattern: "^(|[a-z0-9]([-a-z0-9]*[a-z0-9](\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*)?)$",
});
const plural = text({ pattern: "^[a-z][-a-z0-9]*[a-z0-9]$" });
const exportReference = object({ "name!": text(), path }, { immutable: "APIExport reference must not be changed" });
export const labelSelector: Readonly<Record<string, Schema>> = {
  matchExpressions: listOf(object({ "key!": text(), "operator!": text(), values: listOf(text()) })),
  matchLabels: mapOf(text()),
};
const claim = { group: apiGroup, identityHash: text({ default: "" }), "resource!": plural };
const verbs = setOf(text(), { minItems: 1 });
const claimSelector = object({ matchAll: flag(), ...labelSelector }, { "x-kubernetes-map-type": "atomic" });
const endpoints = byKeys(["url"], object({ "url!": text({ minLength: 1 }) }));

const hub = "v1alpha2";
const phaseOfBinding = text({ enum: ["", "Binding", "Bound"] });
const boundResources = byKeys(
  ["group", "resource"],
  object({
    "group!": text(),
    "resource!": text(),
    "schema!": object({ "UID!": text(), "identityHash!": text(), "name!": text() }),
    storageVersions: setOf(text()),
  }),
);

type Fields = Readonly<Record<string, Schema>>;

/** What is claimed, and what a binding says besides when it accepts that. */
function bindingSchema(claimed: Fields, choice: Fields): Schema {
  const keys = ["group", "resource", "identityHash"];
  const claimFields = { ...claimed, ...choice };
  const accepted = object({ ...claimFields, "state!": text({ enum: ["Accepted", "Rejected"] }) });
  const reference = object(
    { export: exportReference },
    { immutable: "APIExport reference must not be changed", oneOf: [{ required: ["export"] }] },
  );
  return schemaOf({
    description: "Takes the APIs of an APIExport into this workspace.",
    fields: {
      "spec!": object({ permissionClaims: byKeys(keys, accepted), "reference!": reference }),
      status: object({
        apiExportClusterName: text(),
        appliedPermissionClaims: byKeys(keys, object(claimFields)),
        boundResources,
        conditions,
        exportPermissionClaims: byKeys(keys, object(claimed)),
        phase: phaseOfBinding,
      }),
    },
  });
}

function exportSchema(fields: Readonly<Record<string, Schema>>): Schema {
  return schemaOf({
    description: "Offers APIs to other workspaces.",
    fields: {
      spec: object({
        identity: object({
          secretRef: object({ name: text(), namespace: text() }, { "x-kubernetes-map-type": "atomic" }),
        }),
        maximalPermissionPolicy: object({ local: object() }, { oneOf: [{ required: ["local"] }] }),
        ...fields,
      }),
      status: object({
        conditions,
        identityHash: text(),
        virtualWorkspaces: listOf(object({ "url!": text({ minLength: 1 }) })),
      }),
    },
  });
}

const claimsOfOld = {
  ...claim,
  all: flag(),
  resourceSelector: listOf(object({ name: text(), namespace: text() })),
};
const storage = object({ crd: object(), virtual: anyObject() }, { default: { crd: {} } });

const binding: ResourceType = {
  ...defineType("apis.kcp.io", hub, false, { kind: "APIBinding", categories, fields: {} }),
  versions: [
    {
      name: "v1alpha2",
      schema: bindingSchema(
        { ...claim, "verbs!": verbs, defaultSelector: claimSelector },
        { "selector!": claimSelector },
      ),
      columns: [age, column("Ready", '.status.conditions[?(@.type=="Ready")].status')],
      hasStatus: true,
    },
    {
      name: "v1alpha1",
      schema: bindingSchema(claimsOfOld, {}),
      columns: [age, column("Ready", '.status.conditions[?(@.type=="Ready")].status')],
      hasStatus: true,
    },
  ],
  convert: convertBinding,
};

const apiExport: ResourceType = {
  ...defineType("apis.kcp.io", hub, false, { kind: "APIExport", categories, fields: {} }),
  versions: [
    {
      name: "v1alpha2",
      schema: exportSchema({
        permissionClaims: byKeys(
          ["group", "resource"],
          object({ ...claim, "verbs!": verbs, defaultSelector: claimSelector }),
        ),
        resources: byKeys(["name", "group"], object({ "group!": text(), "name!": text(), "schema!": text(), storage })),
      }),
      columns: [age],
      hasStatus: true,
    },
    {
      name: "v1alpha1",
      schema: exportSchema({
        latestResourceSchemas: setOf(text()),
        permissionClaims: byKeys(["group", "resource"], object(claimsOfOld)),
      }),
      columns: [age],
      hasStatus: true,
    },
  ],
  convert: convertExport,
};

const schemaVersion = object({
  additionalPrinterColumns: byKeys(
    ["name"],
    object({
      description: text(),
      format: text(),
      "jsonPath!": text(),
      "name!": text(),
      priority: whole(),
      "type!": text(),
    }),
  ),
  deprecated: flag(),
  deprecationWarning: text(),
  "name!": text({ minLength: 1, pattern: "^v[1-9][0-9]*([a-z]+[1-9][0-9]*)?$" }),
  "schema!": anyObject({ "x-kubernetes-map-type": "atomic" }),
  "served!": flag({ default: true }),
  "storage!": flag(),
  subresources: object({ scale: anyObject(), status: object() }),
});

const resourceSchema = defineType("apis.kcp.io", "v1alpha1", false, {
  kind: "APIResourceSchema",
  categories,
  columns: [age],
  description: "The schema of a resource; it never changes.",
  fields: {
    spec: object(
      {
        conversion: anyObject(),
        "group!": text(),
        nameValidation: text({ default: "DNS1123Subdomain", enum: ["DNS1123Subdomain", "PathSegmentName"] }),
        "names!": object({
          categories: listOf(text()),
          "kind!": text(),
          listKind: text(),
          "plural!": text(),
          shortNames: listOf(text()),
          singular: text(),
        }),
        "scope!": text({ enum: ["Cluster", "Namespaced"] }),
        "versions!": byKeys(["name"], schemaVersion, { minItems: 1 }),
      },
      {
        rules: [
          {
            message: "Conversion must be specified when multiple versions exist",
            holds: ({ versions, conversion }) => asArray(versions).length === 1 || conversion !== undefined,
          },
        ],
      },
    ),
  },
});

const endpointSlice = defineType("apis.kcp.io", "v1alpha1", false, {
  kind: "APIExportEndpointSlice",
  categories,
  hasStatus: true,
  columns: [column("Export", ".spec.export.name"), column("Partition", ".spec.partition"), age],
  description: "Where the virtual workspaces of an APIExport are.",
  fields: {
    spec: object({ "export!": exportReference, partition: text() }),
    status: object({ conditions, endpoints, shardSelector: text() }),
  },
});

export const initializers = listOf(text());
export const phase = text({ default: "Scheduling", enum: ["Scheduling", "Initializing", "Ready", "Unavailable"] });

const logicalCluster = defineType("core.kcp.io", "v1alpha1", false, {
  kind: "LogicalCluster",
  categories,
  hasStatus: true,
  columns: [column("Phase", ".status.phase"), column("URL", ".status.URL"), age],
  description: "What a workspace is from the inside.",
  metadata: object({ name: text({ enum: ["cluster"] }) }),
  fields: {
    spec: object(
      {
        directlyDeletable: flag({ default: false }),
        initializers,
        owner: object({
          "apiVersion!": text(),
          "cluster!": text({ minLength: 1 }),
          "name!": text({ minLength: 1 }),
          namespace: text(),
          "resource!": text({ minLength: 1 }),
          "uid!": text(),
        }),
        terminators: initializers,
      },
      { default: {} },
    ),
    status: object({ URL: text(), conditions, initializers, phase, terminators: initializers }, { default: {} }),
  },
});

/** Types of kcp that every logical cluster serves without a binding. */
export const systemTypes: readonly ResourceType[] = [binding, apiExport, resourceSchema, endpointSlice, logicalCluster];

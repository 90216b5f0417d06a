import { anyObject, flag, listOf, mapOf, object, type Schema, text } from "../schema/schema.ts";
import { age, column, conditions, defineType } from "./define.ts";
import { categories, initializers, labelSelector, path, phase } from "./kcp-types.ts";
import type { ResourceType } from "./resource-type.ts";

const dnsLabel = text({ minLength: 1, maxLength: 63, pattern: "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$" });
const typeName = text({ pattern: "^[a-z]([a-z0-9-]{0,61}[a-z0-9])?" });
const typeReference = object({ "name!": typeName, path });
const limit = object(
  { none: flag(), types: listOf(typeReference, { minItems: 1 }) },
  { oneOf: [{ required: ["none"] }, { required: ["types"] }] },
);

const workspace = defineType("tenancy.kcp.io", "v1alpha1", false, {
  kind: "Workspace",
  categories,
  shortNames: ["ws"],
  hasStatus: true,
  columns: [
    column("Type", ".spec.type.name"),
    column("Region", ".metadata.labels['region']"),
    column("Phase", ".status.phase"),
    column("URL", ".spec.URL"),
    age,
  ],
  description: "A control plane of its own, below this one.",
  metadata: object({ name: dnsLabel }),
  fields: {
    "spec!": object(
      {
        URL: text(),
        cluster: text({ immutable: "cluster is immutable" }),
        location: object({ selector: object(labelSelector, { "x-kubernetes-map-type": "atomic" }) }),
        mount: anyObject(),
        type: object(
          { "name!": typeName, path },
          {
            transitions: [
              { field: "name", forbids: "change", message: "name is immutable" },
              { field: "path", forbids: "change", message: "path is immutable" },
            ],
          },
        ),
      },
      {
        default: {},
        transitions: [
          { field: "URL", forbids: "removal", message: "URL cannot be unset" },
          { field: "cluster", forbids: "removal", message: "cluster cannot be unset" },
        ],
      },
    ),
    status: object({ conditions, initializers, phase, terminators: initializers }, { default: {} }),
  },
});

function withoutType({ type: _type, ...more }: Schema): Omit<Schema, "type"> {
  return more;
}

const workspaceType = defineType("tenancy.kcp.io", "v1alpha1", false, {
  kind: "WorkspaceType",
  categories,
  hasStatus: true,
  columns: [age],
  description: "What workspaces of a type have in common.",
  metadata: object({ name: text({ ...withoutType(dnsLabel), not: { enum: ["system", "any"] } }) }),
  fields: {
    spec: object({
      additionalWorkspaceLabels: mapOf(text()),
      authenticationConfigurations: listOf(object({ "name!": text() })),
      defaultAPIBindingLifecycle: text({ enum: ["InitializeOnly", "Maintain"] }),
      defaultAPIBindings: listOf(object({ "export!": text(), path })),
      defaultChildWorkspaceType: object({ "name!": typeName, path }, { default: { name: "universal", path: "root" } }),
      extend: object({ with: listOf(typeReference) }),
      initializer: flag(),
      limitAllowedChildren: limit,
      limitAllowedParents: limit,
      terminator: flag(),
    }),
    status: object({
      conditions,
      virtualWorkspaces: listOf(
        object({ type: text({ enum: ["initializing", "terminating"] }), "url!": text({ minLength: 1 }) }),
      ),
    }),
  },
});

const authenticationConfiguration = defineType("tenancy.kcp.io", "v1alpha1", false, {
  kind: "WorkspaceAuthenticationConfiguration",
  categories,
  fields: { "spec!": object({ "jwt!": listOf(anyObject()) }) },
});

const topology = (kind: string, hasStatus: boolean) =>
  defineType("topology.kcp.io", "v1alpha1", false, {
    kind,
    categories,
    hasStatus,
    columns: [age],
    fields: { "spec!": anyObject(), ...(hasStatus && { status: anyObject() }) },
  });

/** Types that root exports and that workspaces get by their default bindings. */
export const exportedTypes: Readonly<Record<string, readonly ResourceType[]>> = {
  "tenancy.kcp.io": [authenticationConfiguration, workspace, workspaceType],
  "topology.kcp.io": [topology("Partition", false), topology("PartitionSet", true)],
};

import type { Json, JsonObject } from "../json.ts";

/** Where a document has its schemas. */
export const componentsBase = "#/components/schemas/";
export const metaName = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
export const listMetaName = "io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta";
const managerName = "io.k8s.apimachinery.pkg.apis.meta.v1.ManagedFieldsEntry";
const ownerName = "io.k8s.apimachinery.pkg.apis.meta.v1.OwnerReference";
const fieldsName = "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1";
export const reference = (name: string) => ({ $ref: `${componentsBase}${name}` });

const text = (description: string): Json => ({ type: "string", description });
const texts = (description: string): Json => ({
  type: "object",
  description,
  additionalProperties: { type: "string" },
});
const time = (description: string): Json => ({ type: "string", format: "date-time", description });

/** Schemas that every document has. */
export const common: JsonObject = {
  [metaName]: {
    type: "object",
    description: "What every stored object has.",
    properties: {
      annotations: texts("Data for programs, which cannot be selected by."),
      creationTimestamp: time("When the object was made."),
      deletionGracePeriodSeconds: { type: "integer", format: "int64", description: "Always 0 here." },
      deletionTimestamp: time("When its deletion was asked for; it goes once it has no finalizers."),
      finalizers: {
        type: "array",
        description: "Who has to let go of the object before it is deleted.",
        items: { type: "string" },
        "x-kubernetes-list-type": "set",
        "x-kubernetes-patch-strategy": "merge",
      },
      generateName: text("Beginning of a name that the server completes."),
      generation: { type: "integer", format: "int64", description: "Counts changes of what is wanted." },
      labels: texts("Data that objects are selected by."),
      managedFields: {
        type: "array",
        description: "Who set which field.",
        items: { allOf: [reference(managerName)], default: {} },
        "x-kubernetes-list-type": "atomic",
      },
      name: text("Unique among the objects of a kind in a workspace or namespace."),
      namespace: text("Namespace, for kinds that have one."),
      ownerReferences: {
        type: "array",
        description: "Objects that this one goes with.",
        items: { allOf: [reference(ownerName)], default: {} },
        "x-kubernetes-list-map-keys": ["uid"],
        "x-kubernetes-list-type": "map",
        "x-kubernetes-patch-merge-key": "uid",
        "x-kubernetes-patch-strategy": "merge",
      },
      resourceVersion: text("Version of the object; changes with every write."),
      selfLink: text("Not used."),
      uid: text("Tells the object from another of that name."),
    },
  },
  [managerName]: {
    type: "object",
    description: "The fields that one writer has set.",
    properties: {
      apiVersion: text("Version that the fields are of."),
      fieldsType: text("Always FieldsV1."),
      fieldsV1: { allOf: [reference(fieldsName)], description: "The fields, as a tree." },
      manager: text("Who has set them."),
      operation: text("Apply or Update."),
      subresource: text("Through which part of the object."),
      time: time("When."),
    },
  },
  [ownerName]: {
    type: "object",
    description: "An object that this one goes with.",
    required: ["apiVersion", "kind", "name", "uid"],
    properties: {
      apiVersion: text("Its API version."),
      blockOwnerDeletion: { type: "boolean", description: "Whether it waits for this one in the foreground." },
      controller: { type: "boolean", description: "Whether it is in charge of this one." },
      kind: text("Its kind."),
      name: text("Its name."),
      uid: text("Its uid."),
    },
    "x-kubernetes-map-type": "atomic",
  },
  [fieldsName]: { type: "object", description: "A set of fields." },
  [listMetaName]: {
    type: "object",
    description: "What every list has.",
    properties: {
      continue: text("Token for the next page."),
      remainingItemCount: { type: "integer", format: "int64", description: "How many follow." },
      resourceVersion: text("Version that the list shows, to begin a watch at."),
      selfLink: text("Not used."),
    },
  },
};

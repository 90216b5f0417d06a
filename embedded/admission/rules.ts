import type { Admission, Review } from "../api/admission.ts";
import { bindingFinalizer } from "../controllers/api-bindings.ts";
import { exportOf } from "../controllers/api-exports.ts";
import type { System } from "../controllers/system.ts";
import { asArray, asObject, asString, at, equal } from "../json.ts";
import { type Obj, pathAnnotation, withAnnotation, withMeta } from "../object.ts";
import { exportStorage } from "../resources/catalog.ts";
import type { ResourceType } from "../resources/resource-type.ts";
import { forbidden, type StatusError } from "../status-error.ts";
import { validateNative } from "./native.ts";
import { completeNative } from "./native-defaults.ts";
import { askPolicies, validatePolicy } from "./policies.ts";
import { callWebhooks } from "./webhooks.ts";
import { mutateWorkspace, validateWorkspace } from "./workspaces.ts";

/** What Kubernetes and kcp themselves check and fill in for types of their own, and after that the policies and the webhooks. */
export function rules(system: System): Admission {
  return {
    complete: (review) => (review.subresource ? review.object : completeNative(review)),
    async mutate(review) {
      const mutate = mutations[nameOf(review.type)];
      const object = mutate && !review.subresource ? mutate(system, review) : review.object;
      return (await callWebhooks(system.store, "mutating", { ...review, object })) ?? object;
    },
    async validate(review) {
      if (!review.subresource) validateNative(review);
      if (!review.subresource) validations[nameOf(review.type)]?.(system, review);
      if (!review.subresource) await validatePolicy(review);
      await askPolicies(system.store, review);
      await callWebhooks(system.store, "validating", review);
    },
  };
}

const nameOf = ({ group, plural }: ResourceType): string => (group ? `${plural}.${group}` : plural);
const refused = (review: Review, why: string): StatusError => forbidden(review.type, review.name, why);

type Creating = Review & { readonly object: Obj };
type Mutate = (system: System, review: Creating) => Obj;
type Validate = (system: System, review: Review) => void;

const withPath: Mutate = (system, { object, cluster, operation }) =>
  operation === "CREATE" ? withAnnotation(object, pathAnnotation, system.clusters.pathOf(cluster)) : object;

const mutations: Readonly<Record<string, Mutate>> = {
  namespaces: (_system, { object, operation }) =>
    operation === "CREATE" ? { ...object, spec: { finalizers: ["kubernetes"] }, status: { phase: "Active" } } : object,
  "workspaces.tenancy.kcp.io": mutateWorkspace,
  "workspacetypes.tenancy.kcp.io": (system, review) => {
    if (review.operation === "CREATE" && reservedTypes.has(review.name)) {
      throw refused(review, `metadata.name: Invalid value: "${review.name}": name is reserved`);
    }
    return withPath(system, review);
  },
  "apiexports.apis.kcp.io": withPath,
  "apiresourceschemas.apis.kcp.io": (system, review) => {
    checkSchema(review);
    return withPath(system, review);
  },
  "apibindings.apis.kcp.io": (system, review) => {
    checkReference(system, review);
    checkSelectors(review);
    if (review.operation !== "CREATE") return review.object;
    const present = review.object.metadata.finalizers ?? [];
    return withMeta(withPath(system, review), { finalizers: [...present, bindingFinalizer] });
  },
};

const validations: Readonly<Record<string, Validate>> = {
  namespaces: (_system, review) => {
    const isFixed = review.name === "default" || review.name === "kube-system";
    if (review.operation === "DELETE" && isFixed) throw refused(review, "this namespace may not be deleted");
  },
  "workspaces.tenancy.kcp.io": validateWorkspace,
  "workspacetypes.tenancy.kcp.io": (system, review) => {
    if (review.operation === "DELETE" || !review.object) return;
    for (const entry of asArray(at(review.object.spec, "defaultAPIBindings"))) {
      const path = asString(at(entry, "path")) || review.cluster;
      requireBind(system, review, path, asString(at(entry, "export")));
    }
  },
  "logicalclusters.core.kcp.io": (_system, review) => {
    const isDeletable = at(review.before?.spec, "directlyDeletable") === true;
    if (review.operation === "CREATE") throw refused(review, "LogicalCluster cannot be created");
    const isForAll = review.user.groups.includes("system:masters");
    if (review.operation === "DELETE" && !isDeletable && !isForAll) {
      throw refused(review, "LogicalCluster cannot be deleted");
    }
  },
};

function checkReference(system: System, review: Creating): void {
  const reference = at(review.object.spec, "reference");
  if (reference === undefined || equal(reference, at(review.before?.spec, "reference"))) return;
  if (at(reference, "export") === undefined) throw refused(review, "[spec.reference.export: Required value]");
  const { path, name } = exportOf(system, review.object);
  requireBind(system, review, path, name);
}

/** A claim is accepted or rejected for something. */
function checkSelectors(review: Creating): void {
  const missing = asArray(at(review.object.spec, "permissionClaims")).flatMap((claim, index) => {
    const { matchAll, matchLabels, matchExpressions } = asObject(at(claim, "selector"));
    const isSet =
      matchAll === true || Object.keys(asObject(matchLabels)).length > 0 || asArray(matchExpressions).length > 0;
    const why = "either one of matchAll, matchLabels, or matchExpressions must be set";
    return isSet ? [] : [`spec.permissionClaims[${index}].selector: Required value: ${why}`];
  });
  if (missing.length > 0) throw refused(review, `[${missing.join(", ")}]`);
}

/** A schema is called by the resource that it describes, and never changes. */
function checkSchema(review: Creating): void {
  const { object, before, name } = review;
  const end = `.${asString(at(object.spec, "names", "plural"))}.${asString(at(object.spec, "group")) || "core"}`;
  if (!name.endsWith(end)) {
    throw refused(review, `[metadata.name: Invalid value: "${name}": must end in ${end}]`);
  }
  if (before && !equal(before.spec, object.spec)) {
    throw refused(review, `[spec: Invalid value: ${JSON.stringify(object.spec)}: is immutable]`);
  }
}

const reservedTypes = new Set(["system", "any"]);

/** A WorkspaceType may name an export that is yet to come. */
const isOfType = ({ type }: Review): boolean => type.kind === "WorkspaceType";

function requireBind(system: System, review: Review, path: string, name: string): void {
  const cluster = system.clusters.idOf(path);
  const right = { verb: "bind", group: "apis.kcp.io", resource: "apiexports", name };
  const isThere = cluster !== undefined && system.store.get(exportStorage, cluster, name) !== undefined;
  if ((isThere || isOfType(review)) && cluster !== undefined && system.authorizer.may(review.user, cluster, right))
    return;
  const verb = review.operation.toLowerCase();
  throw refused(review, `unable to ${verb} ${review.type.kind}: no permission to bind to export ${path}:${name}`);
}

import type { Admission, Review } from "../api/admission.ts";
import { bindingFinalizer } from "../controllers/api-bindings.ts";
import { exportOf } from "../controllers/api-exports.ts";
import type { System } from "../controllers/system.ts";
import { asArray, asObject, asString, at, equal, type Json } from "../json.ts";
import { type Obj, pathAnnotation, withAnnotation, withLabel, withMeta } from "../object.ts";
import type { ResourceType } from "../resources/resource-type.ts";
import { forbidden, invalid, type StatusError } from "../status-error.ts";
import { callWebhooks } from "./webhooks.ts";
import { mutateWorkspace, validateWorkspace } from "./workspaces.ts";

/** What Kubernetes and kcp themselves check and fill in for types of their own, and after that the webhooks. */
export function rules(system: System): Admission {
  return {
    async mutate(review) {
      const mutate = mutations[nameOf(review.type)];
      const object = mutate && !review.subresource ? mutate(system, review) : review.object;
      return (await callWebhooks(system.store, "mutating", { ...review, object })) ?? object;
    },
    async validate(review) {
      if (!review.subresource) validations[nameOf(review.type)]?.(system, review);
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
  namespaces: (_system, { object, operation, name }) => {
    if (operation !== "CREATE") return object;
    const labelled = withLabel(object, "kubernetes.io/metadata.name", name);
    return { ...labelled, spec: { finalizers: ["kubernetes"] }, status: { phase: "Active" } };
  },
  secrets: (_system, { object }) => {
    const { stringData, ...rest } = object;
    const encoded = Object.entries(asObject(stringData)).map(
      ([key, value]) => [key, Buffer.from(asString(value)).toString("base64")] as const,
    );
    const data = { ...asObject(object.data), ...Object.fromEntries(encoded) };
    const kept = { ...rest, type: asString(object.type) || "Opaque" };
    return Object.keys(data).length > 0 ? { ...kept, data } : kept;
  },
  "workspaces.tenancy.kcp.io": mutateWorkspace,
  "workspacetypes.tenancy.kcp.io": (system, review) => {
    if (review.operation === "CREATE" && reservedTypes.has(review.name)) {
      throw refused(review, `metadata.name: Invalid value: "${review.name}": name is reserved`);
    }
    return withPath(system, review);
  },
  "apiexports.apis.kcp.io": withPath,
  "apiresourceschemas.apis.kcp.io": withPath,
  "apibindings.apis.kcp.io": (system, review) => {
    checkReference(system, review);
    if (review.operation !== "CREATE") return review.object;
    const present = review.object.metadata.finalizers ?? [];
    return withMeta(withPath(system, review), { finalizers: [...present, bindingFinalizer] });
  },
  "rolebindings.rbac.authorization.k8s.io": withSubjectGroups,
  "clusterrolebindings.rbac.authorization.k8s.io": withSubjectGroups,
};

/** Users and groups are told apart from ServiceAccounts by an API group that may be left out. */
function withSubjectGroups(_system: System, { object }: Creating): Obj {
  if (object.subjects === undefined) return object;
  const subjects = asArray(object.subjects).map((subject): Json => {
    const isAccount = at(subject, "kind") === "ServiceAccount";
    if (isAccount || asString(at(subject, "apiGroup"))) return subject;
    return { ...asObject(subject), apiGroup: "rbac.authorization.k8s.io" };
  });
  return { ...object, subjects };
}

const validations: Readonly<Record<string, Validate>> = {
  "clusterroles.rbac.authorization.k8s.io": checkRules,
  "roles.rbac.authorization.k8s.io": checkRules,
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
  "apiresourceschemas.apis.kcp.io": (_system, review) => {
    if (review.operation !== "CREATE" || !review.object) return;
    const { name } = review.object.metadata;
    const plural = asString(at(review.object.spec, "names", "plural"));
    const group = asString(at(review.object.spec, "group"));
    const end = `.${plural}.${group || "core"}`;
    if (name.endsWith(end) && name.length > end.length) return;
    const message = `Invalid value: "${name}": must match ^[a-z]([-a-z0-9]*[a-z0-9])?$ in front of ${end}`;
    throw invalid(review.type, name, [{ reason: "FieldValueInvalid", message, field: "metadata.name" }]);
  },
};

function checkReference(system: System, review: Creating): void {
  const reference = at(review.object.spec, "reference");
  if (reference === undefined || equal(reference, at(review.before?.spec, "reference"))) return;
  if (at(reference, "export") === undefined) throw refused(review, "[spec.reference.export: Required value]");
  const { path, name } = exportOf(system, review.object);
  requireBind(system, review, path, name);
}

/** Rules of a role name verbs, and either API groups with resources or paths. */
function checkRules(_system: System, { operation, type, name, object }: Review): void {
  if (operation === "DELETE") return;
  const causes = asArray(object?.rules).flatMap((rule, index) => {
    const isAboutPaths = asArray(at(rule, "nonResourceURLs")).length > 0;
    const needed = [
      ["verbs", "verbs must contain at least one value"],
      ...(isAboutPaths
        ? []
        : [
            ["apiGroups", "resource rules must supply at least one api group"],
            ["resources", "resource rules must supply at least one resource"],
          ]),
    ] as const;
    return needed
      .filter(([field = ""]) => asArray(at(rule, field)).length === 0)
      .map(([field, why]) => ({
        reason: "FieldValueRequired",
        message: `Required value: ${why}`,
        field: `rules[${index}].${field}`,
      }));
  });
  if (causes.length > 0) throw invalid(type, name, causes);
}

const reservedTypes = new Set(["system", "any"]);

function requireBind(system: System, review: Review, path: string, name: string): void {
  const cluster = system.clusters.idOf(path);
  const right = { verb: "bind", group: "apis.kcp.io", resource: "apiexports", name };
  if (cluster !== undefined && system.authorizer.may(review.user, cluster, right)) return;
  const verb = review.operation.toLowerCase();
  throw refused(review, `unable to ${verb} ${review.type.kind}: no permission to bind to export ${path}:${name}`);
}

import type { User } from "../access/attributes.ts";
import type { Review } from "../api/admission.ts";
import { ownerAnnotation } from "../controllers/owner.ts";
import type { System } from "../controllers/system.ts";
import { extensionChain, findType, qualifiedType, type TypeRef, typeRef } from "../controllers/workspace-types.ts";
import { typeAnnotation } from "../controllers/workspaces.ts";
import { asArray, asObject, asString, at, isObject, type JsonObject, setAt } from "../json.ts";
import { clusterOf, type Obj, withAnnotation, withLabel } from "../object.ts";
import { forbidden, type StatusError } from "../status-error.ts";

type Creating = Review & { readonly object: Obj };

/** Gives a new Workspace its type and its owner. */
export function mutateWorkspace(system: System, review: Creating): Obj {
  const hadType = at(review.before?.spec, "type") !== undefined;
  if (hadType && at(review.object.spec, "type") === undefined) {
    throw refused(review, "spec.type: Invalid value: null: field is immutable");
  }
  if (review.operation !== "CREATE") return review.object;
  const type = resolveType(system, review);
  const { name, uid, groups } = review.user;
  const owner = JSON.stringify({ username: name, ...(uid && { uid }), groups });
  const typed = { ...review.object, spec: setAt(asObject(review.object.spec), ["type"], { ...type }) };
  return withTypeLabels(system, type, withAnnotation(typed, ownerAnnotation, owner));
}

/** Labels that the type gives to its workspaces, and those that it extends. */
function withTypeLabels(system: System, reference: TypeRef, workspace: Obj): Obj {
  const type = findType(system, reference);
  const labels = type
    ? extensionChain(system, type).map(({ spec }) => asObject(at(spec, "additionalWorkspaceLabels")))
    : [];
  const all = Object.entries(Object.assign({}, ...labels) as JsonObject);
  return all.reduce((labelled, [name, value]) => withLabel(labelled, name, asString(value)), workspace);
}

function resolveType(system: System, review: Creating): TypeRef {
  const { cluster, object } = review;
  const given = at(object.spec, "type");
  if (!isObject(given) || !asString(given.name)) {
    const parent = parentType(system, cluster);
    const child = parent && at(parent.spec, "defaultChildWorkspaceType");
    if (!parent || !child) throw refused(review, "spec.type must be set");
    return pathed(system, typeRef(child, clusterOf(parent)));
  }
  if (asString(given.path)) return existing(system, review, typeRef(given, cluster));
  const name = asString(given.name);
  for (let path = system.clusters.pathOf(cluster); path; path = parentPath(path)) {
    if (findType(system, { path, name })) return { path, name };
  }
  throw refused(review, `workspace type "${name}" cannot be resolved`);
}

function existing(system: System, review: Creating, reference: TypeRef): TypeRef {
  if (findType(system, reference)) return reference;
  const what = `workspacetypes.tenancy.kcp.io "${reference.path}:${reference.name}" not found`;
  throw refused(review, `Internal error occurred: ${what}`);
}

const parentPath = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf(":")));
const pathed = (system: System, { path, name }: TypeRef): TypeRef => {
  const id = system.clusters.idOf(path);
  return { path: id ? system.clusters.pathOf(id) : path, name };
};

function parentType(system: System, cluster: string): Obj | undefined {
  const qualified = system.clusters.get(cluster)?.metadata.annotations?.[typeAnnotation] ?? "";
  return findType(system, { path: parentPath(qualified), name: qualified.slice(qualified.lastIndexOf(":") + 1) });
}

/** Refuses a Workspace that its type, or the type of the workspace that it is in, does not allow. */
export function validateWorkspace(system: System, review: Review): void {
  if (review.operation !== "CREATE" || !review.object) return;
  const reference = typeRef(at(review.object.spec, "type"), review.cluster);
  const type = findType(system, reference);
  if (!type) throw new Error(`WorkspaceType ${reference.path}:${reference.name} is gone`);
  const chain = extensionChain(system, type);
  for (const each of chain) requireUse(system, review, each, review.user);
  const parent = parentType(system, review.cluster);
  const parents = parent ? extensionChain(system, parent) : [];
  for (const each of chain) checkLimit(review, each, "Parents", { type: parent, implemented: parents });
  for (const each of parents) checkLimit(review, each, "Children", { type, implemented: chain });
}

function requireUse(system: System, review: Review, type: Obj, user: User): void {
  const { name } = type.metadata;
  const right = { verb: "use", group: "tenancy.kcp.io", resource: "workspacetypes", name };
  if (system.authorizer.may(user, clusterOf(type), right)) return;
  throw refused(
    review,
    `unable to use workspace type ${qualifiedType(type)}: missing verb='use' permission on workspacetype`,
  );
}

interface Other {
  readonly type: Obj | undefined;
  /** The type and all that it extends. */
  readonly implemented: readonly Obj[];
}

function checkLimit(
  review: Review,
  type: Obj,
  whom: "Parents" | "Children",
  { type: other, implemented }: Other,
): void {
  const limit = asObject(at(type.spec, `limitAllowed${whom}`));
  const one = whom === "Parents" ? "parent" : "child";
  const name = qualifiedType(type);
  if (limit.none === true) {
    throw refused(review, `workspace type ${name} cannot have any ${one}`);
  }
  const types = asArray(limit.types).map((each) => typeRef(each, clusterOf(type)));
  if (types.length === 0 || !other) return;
  const allowed = types.map(({ path, name: each }) => `${path}:${each}`).sort();
  const has = [...implemented].reverse().map(qualifiedType);
  if (has.some((each) => allowed.includes(each))) return;
  const only = `workspace type ${name} only allows [${allowed.join(" ")}] ${one} workspaces`;
  throw refused(review, `${only}, but ${one} type ${qualifiedType(other)} only implements [${has.join(" ")}]`);
}

const refused = (review: Review, why: string): StatusError => forbidden(review.type, review.name, why);

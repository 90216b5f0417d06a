import type { Review } from "../api/admission.ts";
import { asArray, asObject, asString, at, isArray, isObject, type Json, type JsonObject } from "../json.ts";
import { type Obj, withLabel } from "../object.ts";

type Complete = (object: Obj, review: Review) => Obj;

/** What Kubernetes fills in for types of its own, besides the defaults of schemas, and what it leaves out. */
export function completeNative(review: Review & { readonly object: Obj }): Obj {
  const { type, object } = review;
  const complete = type.isNative ? completions[type.kind] : undefined;
  return complete ? complete(object, review) : object;
}

const completions: Readonly<Record<string, Complete>> = {
  ConfigMap: withoutHollow,
  Event: (object) => ({ ...object, ...emptyEvent, ...object }),
  Namespace: (object, { name }) => withLabel(object, "kubernetes.io/metadata.name", name),
  Secret: (object) => withoutHollow(encoded(object)),
  ClusterRoleBinding: withSubjectGroups,
  RoleBinding: withSubjectGroups,
};

/** Text that is given plainly is stored encoded. */
function encoded({ stringData, ...secret }: Obj): Obj {
  const texts = Object.entries(asObject(stringData));
  const added = texts.map(([key, value]) => [key, Buffer.from(asString(value)).toString("base64")] as const);
  const data = { ...asObject(secret.data), ...Object.fromEntries(added) };
  return { ...secret, data, type: asString(secret.type) || "Opaque" } as Obj;
}

/** Users and groups are told apart from ServiceAccounts by an API group that may be left out. */
function withSubjectGroups(object: Obj): Obj {
  if (object.subjects === undefined) return object;
  const subjects = asArray(object.subjects).map((subject): Json => {
    const isAccount = at(subject, "kind") === "ServiceAccount";
    if (isAccount || asString(at(subject, "apiGroup"))) return subject;
    return { ...asObject(subject), apiGroup: "rbac.authorization.k8s.io" };
  });
  return { ...object, subjects };
}

/** Empty maps and lists are as good as none. */
function withoutHollow(object: Obj): Obj {
  const entries = Object.entries(object).filter(([, value]) => !isHollow(value));
  return entries.length === Object.keys(object).length ? object : ({ ...Object.fromEntries(entries) } as Obj);
}

const isHollow = (value: Json | undefined): boolean =>
  (isObject(value) && Object.keys(value).length === 0) || (isArray(value) && value.length === 0);

/** What every Event has. */
const emptyEvent: JsonObject = {
  eventTime: null,
  firstTimestamp: null,
  lastTimestamp: null,
  reportingComponent: "",
  reportingInstance: "",
  source: {},
};

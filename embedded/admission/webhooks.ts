import { randomUUID } from "node:crypto";
import { createHttp } from "../../shared/kcp/http.ts";
import type { Review } from "../api/admission.ts";
import { labelSelector } from "../api/selectors.ts";
import { jsonPatch } from "../apply/patches.ts";
import { asArray, asObject, asString, at, isObject, type Json, type JsonObject, strings } from "../json.ts";
import { clusterOf, type Obj } from "../object.ts";
import { apiVersionOf } from "../resources/resource-type.ts";
import { internalError, StatusError } from "../status-error.ts";
import type { Store } from "../store/store.ts";

type Kind = "mutating" | "validating";

const group = "admissionregistration.k8s.io";

/** Asks the webhooks that are configured for a write: of a bound type those of its provider, else those of the workspace.
 *  matchConditions are not evaluated. Answers the object as the mutating ones leave it. */
export async function callWebhooks(store: Store, kind: Kind, review: Review): Promise<Obj | undefined> {
  const home = review.type.binding?.exportCluster ?? review.cluster;
  let { object } = review;
  for (const configuration of store.list(`${kind}webhookconfigurations.${group}`, home)) {
    for (const webhook of asArray(configuration.webhooks)) {
      const present = { ...review, object };
      if (!isMeant(asObject(webhook), present)) continue;
      const answer = await ask(asObject(webhook), present);
      object = answer ? patched(asObject(webhook), present, answer) : object;
    }
  }
  return object;
}

function isMeant(webhook: JsonObject, { type, operation, subresource, object, before }: Review): boolean {
  const resource = subresource ? `${type.plural}/${subresource}` : type.plural;
  const has = (values: Json | undefined, ...wanted: readonly string[]) =>
    strings(values).some((each) => each === "*" || wanted.includes(each));
  const isInRules = asArray(webhook.rules).some(
    (rule) =>
      has(at(rule, "apiGroups"), type.group) &&
      has(at(rule, "apiVersions"), ...type.versions.map(({ name }) => name)) &&
      has(at(rule, "operations"), operation) &&
      has(at(rule, "resources"), resource, ...(subresource ? [`*/${subresource}`, `${type.plural}/*`] : [])),
  );
  const selected = object ?? before;
  const labels = Object.entries(asObject(at(webhook.objectSelector, "matchLabels")));
  const selector = labels.map(([key, value]) => `${key}=${asString(value)}`).join(",");
  return isInRules && (selected === undefined || labelSelector(selector)(selected));
}

/** The response of one webhook; `undefined` when it failed and may. Throws when it denies. */
async function ask(webhook: JsonObject, review: Review): Promise<JsonObject | undefined> {
  const name = asString(webhook.name);
  const seconds = typeof webhook.timeoutSeconds === "number" ? webhook.timeoutSeconds : 10;
  const url = asString(at(webhook.clientConfig, "url"));
  const caBundle = asString(at(webhook.clientConfig, "caBundle"));
  const http = createHttp({
    tls: caBundle ? { ca: Buffer.from(caBundle, "base64").toString() } : {},
    headers: async () => ({}),
  });
  try {
    const body = JSON.stringify(admissionReview(review));
    const { status, text } = await http.send({ method: "POST", url, body, timeoutMs: seconds * 1000 });
    if (status !== 200) throw new Error(`an error on the server ("${text.slice(0, 200)}") has prevented the request`);
    const response = at(JSON.parse(text), "response");
    if (!isObject(response)) throw new Error("the response holds no answer");
    if (response.allowed !== true) throw denial(name, response);
    return response;
  } catch (cause) {
    if (cause instanceof StatusError) throw cause;
    if (webhook.failurePolicy === "Ignore") return undefined;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw internalError(
      `failed calling webhook "${name}": failed to call webhook: Post "${url}?timeout=${seconds}s": ${why}`,
    );
  } finally {
    http.close();
  }
}

function denial(name: string, response: JsonObject): StatusError {
  const status = asObject(response.status);
  const code = typeof status.code === "number" && status.code >= 400 ? status.code : 400;
  const why = asString(status.message) || asString(status.reason);
  const message = `admission webhook "${name}" denied the request${why ? `: ${why}` : " without explanation"}`;
  return new StatusError(message, { code, reason: asString(status.reason) });
}

function admissionReview(review: Review): JsonObject {
  const { type, operation, name, namespace, user, isDryRun, subresource, object, before } = review;
  const version = (object ?? before)?.apiVersion.split("/").at(-1) ?? type.storageVersion;
  const kind = { group: type.group, version, kind: type.kind };
  const resource = { group: type.group, version, resource: type.plural };
  return {
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    request: {
      uid: randomUUID(),
      kind,
      resource,
      ...(subresource && { subResource: subresource }),
      requestKind: kind,
      requestResource: resource,
      ...(subresource && { requestSubResource: subresource }),
      name,
      ...(namespace && { namespace }),
      operation,
      userInfo: { username: user.name, ...(user.uid && { uid: user.uid }), groups: [...user.groups] },
      object: object ?? null,
      oldObject: before ?? null,
      dryRun: isDryRun,
      options: { apiVersion: "meta.k8s.io/v1", kind: `${operation[0]}${operation.slice(1).toLowerCase()}Options` },
    },
  };
}

function patched(webhook: JsonObject, { object, type }: Review, response: JsonObject): Obj | undefined {
  const patch = asString(response.patch);
  if (!patch || !object) return object;
  const changed = jsonPatch(object, JSON.parse(Buffer.from(patch, "base64").toString()));
  if (isObject(changed) && clusterOf(changed as Obj) === clusterOf(object)) return changed as Obj;
  throw internalError(
    `webhook "${asString(webhook.name)}" changed what is no field of ${apiVersionOf(type.group, type.kind)}`,
  );
}

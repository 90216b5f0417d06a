import { UnreachableError } from "../../shared/kcp/errors.ts";
import { createHttp } from "../../shared/kcp/http.ts";
import type { Review } from "../api/admission.ts";
import { jsonPatch, PatchError } from "../apply/patches.ts";
import { asArray, asObject, asString, at, isObject, type Json, type JsonObject, strings } from "../json.ts";
import { clusterOf, type Obj } from "../object.ts";
import { apiVersionOf } from "../resources/resource-type.ts";
import { internalError, StatusError } from "../status-error.ts";
import type { Store } from "../store/store.ts";
import { isInRules, isSelected } from "./meant.ts";
import { meetsConditions } from "./policies.ts";
import { requestOf } from "./request.ts";

type Kind = "mutating" | "validating";

const group = "admissionregistration.k8s.io";

/** Asks the webhooks that are configured for a write: of a bound type those of its provider, else those of the workspace.
 *  Answers the object as the mutating ones leave it. */
export async function callWebhooks(store: Store, kind: Kind, review: Review): Promise<Obj | undefined> {
  const home = review.type.binding?.exportCluster ?? review.cluster;
  let { object } = review;
  for (const configuration of store.list(`${kind}webhookconfigurations.${group}`, home)) {
    for (const webhook of asArray(configuration.webhooks)) {
      const present = { ...review, object };
      const settings = asObject(webhook);
      if (!isInRules(settings.rules, present) || !isSelected(store, settings, present)) continue;
      if (!(await meetsConditions(store, settings, present))) continue;
      const answer = await ask(settings, present);
      object = answer ? patched(asObject(webhook), present, answer) : object;
    }
  }
  return object;
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
    if (status !== 200) throw new Error(`an error on the server ("${text}") has prevented the request from succeeding`);
    const response = responseIn(text);
    for (const warning of strings(response.warnings)) review.warn(warning);
    if (response.allowed !== true) throw denial(name, response);
    return response;
  } catch (cause) {
    if (cause instanceof StatusError) throw cause;
    if (webhook.failurePolicy === "Ignore") return undefined;
    throw internalError(`failed calling webhook "${name}": failed to call webhook: ${why(cause, url, seconds)}`);
  } finally {
    http.close();
  }
}

function responseIn(text: string): JsonObject {
  const response = at(JSON.parse(text), "response");
  if (!isObject(response)) throw new Error("expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview");
  return response;
}

/** Only what kept the request from being answered names its URL. */
function why(cause: unknown, url: string, seconds: number): string {
  const reason = cause instanceof Error ? cause.message : String(cause);
  if (!(cause instanceof UnreachableError)) return reason;
  return `Post "${url}?timeout=${seconds}s": ${reason.startsWith("no answer within") ? "context deadline exceeded" : reason}`;
}

function denial(name: string, response: JsonObject): StatusError {
  const status = asObject(response.status);
  const code = typeof status.code === "number" && status.code >= 400 ? status.code : 400;
  const why = asString(status.message) || asString(status.reason);
  const message = `admission webhook "${name}" denied the request${why ? `: ${why}` : " without explanation"}`;
  return new StatusError(message, { code, reason: asString(status.reason) });
}

function admissionReview(review: Review): JsonObject {
  const { object, before } = review;
  return {
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    request: { ...requestOf(review), object: object ?? null, oldObject: before ?? null },
  };
}

function patched(webhook: JsonObject, { object, type }: Review, response: JsonObject): Obj | undefined {
  const patch = asString(response.patch);
  if (!patch || !object) return object;
  const changed = fitting(object, JSON.parse(Buffer.from(patch, "base64").toString()));
  if (isObject(changed) && clusterOf(changed as Obj) === clusterOf(object)) return changed as Obj;
  throw internalError(
    `webhook "${asString(webhook.name)}" changed what is no field of ${apiVersionOf(type.group, type.kind)}`,
  );
}

function fitting(object: Obj, operations: Json): Json {
  try {
    return jsonPatch(object, operations);
  } catch (cause) {
    throw cause instanceof PatchError ? internalError(cause.message) : cause;
  }
}

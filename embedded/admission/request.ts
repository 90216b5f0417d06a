import { randomUUID } from "node:crypto";
import type { Review } from "../api/admission.ts";
import type { JsonObject } from "../json.ts";

/** A write as webhooks and policies are told about it, without the objects. */
export function requestOf(review: Review): JsonObject {
  const { type, operation, name, namespace, user, isDryRun, subresource, object, before, fieldManager } = review;
  const version = (object ?? before)?.apiVersion.split("/").at(-1) ?? type.storageVersion;
  const kind = { group: type.group, version, kind: type.kind };
  const resource = { group: type.group, version, resource: type.plural };
  return {
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
    dryRun: isDryRun,
    options: {
      kind: `${operation[0]}${operation.slice(1).toLowerCase()}Options`,
      apiVersion: "meta.k8s.io/v1",
      ...(fieldManager && { fieldManager }),
    },
  };
}

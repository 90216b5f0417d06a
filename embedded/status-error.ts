import type { Json, JsonObject } from "./json.ts";

/** One thing that is wrong with an object. */
export interface Cause {
  readonly reason: string;
  readonly message: string;
  readonly field: string;
}
/** Names a type in messages and details. */
export interface TypeName {
  readonly group: string;
  readonly plural: string;
  readonly kind: string;
}

interface StatusFields {
  readonly code: number;
  readonly reason: string;
  readonly details?: JsonObject;
}

/** A refusal, told to the client as a Status object. */
export class StatusError extends Error {
  override name = "StatusError";
  readonly code: number;
  readonly reason: string;
  readonly details: JsonObject | undefined;

  constructor(message: string, { code, reason, details }: StatusFields, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.reason = reason;
    this.details = details;
  }

  toStatus(): JsonObject {
    const { code, reason, message, details } = this;
    return {
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message,
      ...(reason && { reason }),
      ...(details && { details }),
      code,
    };
  }
}

/** `accounts.core.platform-mesh.io`, or `namespaces` in the core group. */
export const qualified = (group: string, name: string): string => (group ? `${name}.${group}` : name);

const of = ({ group, plural }: TypeName, name: string): JsonObject => ({
  ...(name && { name }),
  ...(group && { group }),
  kind: plural,
});
const called = ({ group, plural }: TypeName, name: string) => `${qualified(group, plural)} "${name}"`;

export const notFound = (type: TypeName, name: string): StatusError =>
  new StatusError(`${called(type, name)} not found`, { code: 404, reason: "NotFound", details: of(type, name) });

export const noSuchResource = (): StatusError =>
  new StatusError("the server could not find the requested resource", { code: 404, reason: "NotFound", details: {} });

/** `isEnding`: the present object waits for its finalizers. */
export const alreadyExists = (type: TypeName, name: string, isEnding = false): StatusError =>
  new StatusError(`${isEnding ? "object is being deleted: " : ""}${called(type, name)} already exists`, {
    code: 409,
    reason: "AlreadyExists",
    details: of(type, name),
  });

export const conflict = (type: TypeName, name: string, why = stale): StatusError =>
  new StatusError(`Operation cannot be fulfilled on ${called(type, name)}: ${why}`, {
    code: 409,
    reason: "Conflict",
    details: of(type, name),
  });
const stale = "the object has been modified; please apply your changes to the latest version and try again";

export function forbidden(type: TypeName, name: string, why: string, causes?: readonly Cause[]): StatusError {
  const what = name ? called(type, name) : qualified(type.group, type.plural);
  const told = causes && { causes: causes.map((cause): Json => ({ ...cause })) };
  const details = { ...of(type, name), ...told };
  return new StatusError(`${what} is forbidden: ${why}`, { code: 403, reason: "Forbidden", details });
}

export function invalid(type: TypeName, name: string, causes: readonly Cause[]): StatusError {
  const said = [...new Set(causes.map(({ field, message }) => `${field}: ${message}`))];
  const all = said.length === 1 ? said[0] : `[${said.join(", ")}]`;
  const details: JsonObject = {
    ...(name && { name }),
    ...(type.group && { group: type.group }),
    ...(type.kind && { kind: type.kind }),
    causes: causes.map((cause): Json => ({ ...cause })),
  };
  const message = `${qualified(type.group, type.kind)} "${name}" is invalid: ${all}`;
  return new StatusError(message, { code: 422, reason: "Invalid", details });
}

export const badRequest = (message: string): StatusError =>
  new StatusError(message, { code: 400, reason: "BadRequest" });

export const unauthorized = (): StatusError => new StatusError("Unauthorized", { code: 401, reason: "Unauthorized" });

export const expired = (message: string): StatusError => new StatusError(message, { code: 410, reason: "Expired" });

export const methodNotAllowed = (): StatusError =>
  new StatusError("the server does not allow this method on the requested resource", {
    code: 405,
    reason: "MethodNotAllowed",
    details: {},
  });

export const notSupported = (type: TypeName, verb: string): StatusError =>
  new StatusError(`${verb} is not supported on resources of kind "${qualified(type.group, type.plural)}"`, {
    code: 405,
    reason: "MethodNotAllowed",
    details: { ...(type.group && { group: type.group }), kind: type.plural },
  });

export const unsupportedMediaType = (accepted: readonly string[]): StatusError =>
  new StatusError(
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(", ")}`,
    { code: 415, reason: "UnsupportedMediaType" },
  );

export const internalError = (message: string): StatusError =>
  new StatusError(`Internal error occurred: ${message}`, {
    code: 500,
    reason: "InternalError",
    details: { causes: [{ message }] },
  });

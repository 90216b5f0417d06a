import { badRequest, type Cause, invalid, StatusError } from "../status-error.ts";

/** Which state of a collection is asked for. */
export interface ListOptions {
  /** 0: any. */
  readonly revision: number;
  /** That very state, and no newer one. */
  readonly isExact: boolean;
  /** A watch begins with what is there, and says when that is told. */
  readonly wantsInitialEvents: boolean;
}

/** Parses what lists and watches are asked by; throws 422 for what does not go together. */
export function listOptions(query: URLSearchParams, isWatch: boolean): ListOptions {
  const version = query.get("resourceVersion") ?? "";
  const match = query.get("resourceVersionMatch") ?? "";
  const initial = query.get("sendInitialEvents");
  const causes = isWatch ? watchCauses(match, initial) : listCauses(version, match, initial);
  if (causes.length > 0) throw invalid({ group: "meta.k8s.io", plural: "", kind: "ListOptions" }, "", causes);
  return {
    revision: parseVersion(version, isWatch),
    isExact: match === "Exact",
    wantsInitialEvents: initial === "true",
  };
}

const matches = ["Exact", "NotOlderThan"];
const forbidden = (field: string, why: string): Cause => ({
  reason: "FieldValueForbidden",
  message: `Forbidden: ${why}`,
  field,
});

function listCauses(version: string, match: string, initial: string | null): readonly Cause[] {
  const field = "resourceVersionMatch";
  if (initial !== null) return [forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list")];
  if (match === "") return [];
  if (version === "") return [forbidden(field, "resourceVersionMatch is forbidden unless resourceVersion is provided")];
  if (!matches.includes(match)) {
    const supported = [...matches, ""].map((each) => JSON.stringify(each)).join(", ");
    const message = `Unsupported value: ${JSON.stringify(match)}: supported values: ${supported}`;
    return [{ reason: "FieldValueNotSupported", message, field }];
  }
  const isNothing = match === "Exact" && version === "0";
  return isNothing ? [forbidden(field, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"')] : [];
}

function watchCauses(match: string, initial: string | null): readonly Cause[] {
  const field = "resourceVersionMatch";
  if (initial === null) {
    return match
      ? [forbidden(field, "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided")]
      : [];
  }
  if (match === "NotOlderThan") return [];
  return [forbidden(field, "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan")];
}

function parseVersion(text: string, isWatch: boolean): number {
  if (text === "") return 0;
  if (/^\d+$/.test(text)) return Number(text);
  const why = `resourceVersion: Invalid value: "${text}": strconv.ParseUint: parsing "${text}": invalid syntax`;
  throw isWatch ? new StatusError(why, { code: 500, reason: "" }) : badRequest(`invalid resource version: ${why}`);
}

/** A version that is to come cannot be waited for here. */
export const tooLarge = (wanted: number, current: number): StatusError =>
  new StatusError(`Timeout: Too large resource version: ${wanted}, current: ${current}`, {
    code: 504,
    reason: "Timeout",
    details: {
      causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
      retryAfterSeconds: 1,
    },
  });

import { z } from "zod";
import { clusterAnnotation } from "../../shared/kcp/objects.ts";
import { BadReviewError, parseReview } from "../../shared/review.ts";

/** As much of an AdmissionReview (admission.k8s.io/v1) as the rules look at. */
export interface Review {
  readonly uid: string;
  readonly operation: "CREATE" | "UPDATE" | "DELETE" | "CONNECT";
  readonly username: string;
  readonly groups: readonly string[];
  /** The Account as it would be stored; `undefined` on DELETE. */
  readonly account: ReviewedAccount | undefined;
  /** As it is stored; `undefined` on CREATE. */
  readonly stored: ReviewedAccount | undefined;
}
export interface ReviewedAccount {
  /** "" while the server has still to generate it. */
  readonly name: string;
  readonly type: string;
  /** "" when there is none. */
  readonly creator: string;
  readonly isDeleting: boolean;
  /** Id of the logical cluster that holds it, which kcp adds (kcp-facts V16). */
  readonly cluster: string | undefined;
}

/** What the server is told. */
export interface Verdict {
  /** Why not, with what to do instead; `undefined` allows. */
  readonly refusal?: string;
  /** Operations of RFC 6902. */
  readonly patch?: readonly { readonly op: "add"; readonly path: string; readonly value: unknown }[];
  /** Shown to the user by kubectl. */
  readonly warnings?: readonly string[];
}

const account = z
  .looseObject({
    kind: z.literal("Account"),
    metadata: z.looseObject({
      name: z.string().default(""),
      annotations: z.record(z.string(), z.string()).nullish(),
      deletionTimestamp: z.string().nullish(),
    }),
    // What the schema wants of these two, kcp checks after the mutating and before the validating review.
    spec: z
      .looseObject({ type: z.string().default(""), creator: z.string().nullish() })
      .default(() => ({ type: "", creator: undefined })),
  })
  .transform(({ metadata, spec }) => ({
    name: metadata.name,
    type: spec.type,
    creator: spec.creator ?? "",
    isDeleting: Boolean(metadata.deletionTimestamp),
    cluster: metadata.annotations?.[clusterAnnotation],
  }));

const admissionReview = z.looseObject({
  apiVersion: z.literal("admission.k8s.io/v1"),
  kind: z.literal("AdmissionReview"),
  request: z.looseObject({
    uid: z.string().min(1),
    operation: z.enum(["CREATE", "UPDATE", "DELETE", "CONNECT"]),
    userInfo: z.looseObject({ username: z.string().default(""), groups: z.array(z.string()).nullish() }),
    object: account.nullish(),
    oldObject: account.nullish(),
  }),
});

/** Throws BadReviewError. */
export function decodeReview(body: Uint8Array): Review {
  const { uid, operation, userInfo, object, oldObject } = parseReview(
    admissionReview,
    body,
    "AdmissionReview of an Account",
  ).request;
  if (!object && operation !== "DELETE") throw new BadReviewError(`request.object: missing, with ${operation}`);
  if (!oldObject && operation === "UPDATE") throw new BadReviewError("request.oldObject: missing, with UPDATE");
  const { username, groups } = userInfo;
  return {
    ...{ uid, operation, username, groups: groups ?? [] },
    account: object ?? undefined,
    stored: oldObject ?? undefined,
  };
}

/** The AdmissionReview that answers the one of this uid. */
export function encodeVerdict(uid: string, { refusal, patch = [], warnings = [] }: Verdict): object {
  const response = {
    uid,
    allowed: refusal === undefined,
    ...(refusal !== undefined && { status: { code: 422, reason: "Invalid", message: refusal } }),
    ...(patch.length > 0 && {
      patchType: "JSONPatch",
      patch: Buffer.from(JSON.stringify(patch)).toString("base64"),
    }),
    ...(warnings.length > 0 && { warnings }),
  };
  return { apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", response };
}

import { z } from "zod";
import { parseReview } from "../../shared/review.ts";

/** A SubjectAccessReview: may this user do this in this workspace? */
export interface Review {
  readonly apiVersion: "authorization.k8s.io/v1" | "authorization.k8s.io/v1beta1";
  readonly user: string;
  readonly groups: readonly string[];
  /** Cluster id of the workspace that is asked about; `undefined` when the server does not say. */
  readonly cluster: string | undefined;
  /** Workspace that the user belongs to, of a ServiceAccount for example. */
  readonly userCluster: string | undefined;
  /** `undefined` when the question is about no resource, as discovery. */
  readonly resource: ResourceRequest | undefined;
  readonly path: string | undefined;
  readonly verb: string;
}
export interface ResourceRequest {
  /** "" for the core group, as for all of the following that are absent. */
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
}

/** What kcp is told. It never says "denied": that would overrule RBAC (decisions.md 32). */
export interface Answer {
  readonly allowed: boolean;
  /** For people: kcp shows it to the user whom it refuses, and writes it into its audit log. */
  readonly reason: string;
  /** Why there is no answer just now. */
  readonly evaluationError?: string;
}

const text = z.string().nullish();
const list = z.array(z.string()).nullish();
const subjectAccessReview = z.looseObject({
  apiVersion: z.enum(["authorization.k8s.io/v1", "authorization.k8s.io/v1beta1"]),
  kind: z.literal("SubjectAccessReview"),
  spec: z
    .looseObject({
      user: text,
      groups: list,
      // v1beta1 calls the groups so.
      group: list,
      extra: z.record(z.string(), z.array(z.string())).nullish(),
      resourceAttributes: z
        .looseObject({ verb: text, group: text, resource: text, subresource: text, namespace: text, name: text })
        .nullish(),
      nonResourceAttributes: z.looseObject({ verb: text, path: text }).nullish(),
    })
    .refine((spec) => Boolean(spec.resourceAttributes) !== Boolean(spec.nonResourceAttributes), {
      message: "exactly one of resourceAttributes and nonResourceAttributes is needed",
    }),
});

/** The key of kcp, then the one that older kcp used. */
const clusterKeys = ["authorization.kcp.io/cluster-name", "authorization.kubernetes.io/cluster-name"] as const;
const userClusterKey = "authentication.kcp.io/cluster-name";

/** Throws BadReviewError. */
export function decodeReview(body: Uint8Array): Review {
  const { apiVersion, spec } = parseReview(subjectAccessReview, body, "SubjectAccessReview");
  const { resourceAttributes: about, nonResourceAttributes: other, extra } = spec;
  const only = (key: string) => (extra?.[key]?.length === 1 ? extra[key][0] : undefined);
  return {
    apiVersion,
    user: spec.user ?? "",
    groups: spec.groups ?? spec.group ?? [],
    cluster: clusterKeys.map(only).find(Boolean),
    userCluster: only(userClusterKey),
    verb: about?.verb ?? other?.verb ?? "",
    path: other?.path ?? undefined,
    resource: about
      ? {
          group: about.group ?? "",
          resource: about.resource ?? "",
          subresource: about.subresource ?? "",
          namespace: about.namespace ?? "",
          name: about.name ?? "",
        }
      : undefined,
  };
}

/** The SubjectAccessReview that answers one of this version. */
export function encodeAnswer(apiVersion: Review["apiVersion"], { allowed, reason, evaluationError }: Answer): object {
  const status = { allowed, denied: false, reason, ...(evaluationError && { evaluationError }) };
  return { apiVersion, kind: "SubjectAccessReview", status };
}

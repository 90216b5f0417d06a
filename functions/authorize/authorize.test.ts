import { describe, expect, test } from "vitest";
import { FgaError, type Question } from "../../shared/fga/fga.ts";
import { formatTuple } from "../../shared/fga/tuples.ts";
import { BadReviewError } from "../../shared/review.ts";
import { authorize, type Deps } from "./index.ts";
import { noOpinion } from "./opinion.ts";
import type { Place } from "./places.ts";
import { decodeReview, encodeAnswer, type ResourceRequest, type Review } from "./review.ts";
import { singulars } from "./singulars.ts";

const account: Place = { kind: "account", cluster: "dev1", account: { cluster: "acme1", name: "dev" }, store: "acme" };
const places: Readonly<Record<string, Place>> = { orgs1: { kind: "orgs", store: "orgs" }, dev1: account };
const dev = "core_platform-mesh_io_account:acme1/dev";
const core = "core.platform-mesh.io";

function review(verb: string, about: Partial<ResourceRequest> | string, more: Partial<Review> = {}): Review {
  const isPath = typeof about === "string";
  return {
    apiVersion: "authorization.k8s.io/v1",
    user: "alice@example.com",
    groups: ["system:authenticated"],
    cluster: "dev1",
    userCluster: undefined,
    verb,
    path: isPath ? about : undefined,
    resource: isPath ? undefined : { group: "", resource: "", subresource: "", namespace: "", name: "", ...about },
    ...more,
  };
}

/** OpenFGA that says yes to all that its model knows. */
async function ask(
  asked: Review,
  { knows = (_: Question) => true, check }: { knows?(asked: Question): boolean; check?: Deps["check"] } = {},
) {
  const questions: Question[] = [];
  const answer = await authorize(asked, {
    placeOf: async (cluster) => places[cluster] ?? noOpinion("this is no workspace of an account"),
    check: async (question, call) => {
      questions.push(question);
      if (check) return check(question, call);
      if (knows(question)) return true;
      throw new FgaError("no such type", { problem: "refused", code: "validation_error" });
    },
  });
  return { answer, questions, asked: questions.map(({ tuple }) => formatTuple(tuple)) };
}
const configmaps = { resource: "configmaps", namespace: "default" };

describe("what OpenFGA is asked", () => {
  const alice = "user:alice@example.com";
  test.each<[string, Review, string, (readonly string[])?]>([
    ["discovery, of members", review("get", "/apis/apps/v1"), `${alice} get ${dev}`],
    ["openapi, of members", review("get", "/openapi/v3"), `${alice} get ${dev}`],
    [
      "who am I, of members",
      review("create", { group: "authentication.k8s.io", resource: "selfsubjectreviews" }),
      `${alice} get ${dev}`,
    ],
    [
      "creating an account, on the account whose workspace it is",
      review("create", { group: core, resource: "accounts" }),
      `${alice} create_core_platform-mesh_io_accounts ${dev}`,
    ],
    [
      "an account below, on itself",
      review("delete", { group: core, resource: "accounts", name: "qa" }),
      `${alice} delete core_platform-mesh_io_account:dev1/qa`,
      [`${dev} parent core_platform-mesh_io_account:dev1/qa`],
    ],
    [
      "creating in a namespace, on the namespace",
      review("create", configmaps),
      `${alice} create_core_configmaps core_namespace:dev1/default`,
      [`${dev} parent core_namespace:dev1/default`],
    ],
    [
      "an object in a namespace, told from its namesakes in others",
      review("get", { ...configmaps, name: "cm" }),
      `${alice} get core_configmap:dev1/default/cm`,
      [
        `${dev} parent core_namespace:dev1/default`,
        "core_namespace:dev1/default parent core_configmap:dev1/default/cm",
      ],
    ],
    [
      "a namespace, which carries its name as its namespace too",
      review("get", { resource: "namespaces", namespace: "default", name: "default" }),
      `${alice} get core_namespace:dev1/default`,
      [`${dev} parent core_namespace:dev1/default`],
    ],
    [
      "a name with a colon",
      review("get", { group: "rbac.authorization.k8s.io", resource: "clusterroles", name: "system:admin" }),
      `${alice} get rbac_authorization_k8s_io_clusterrole:dev1/system%3Aadmin`,
      [`${dev} parent rbac_authorization_k8s_io_clusterrole:dev1/system%3Aadmin`],
    ],
    [
      "status, to read, with the right to read the object",
      review("get", { group: core, resource: "accounts", subresource: "status", name: "qa" }),
      `${alice} get core_platform-mesh_io_account:dev1/qa`,
      [`${dev} parent core_platform-mesh_io_account:dev1/qa`],
    ],
    [
      "logs, with the right to read the pod",
      review("get", { resource: "pods", subresource: "log", namespace: "default", name: "p" }),
      `${alice} get core_pod:dev1/default/p`,
      [`${dev} parent core_namespace:dev1/default`, "core_namespace:dev1/default parent core_pod:dev1/default/p"],
    ],
    [
      "a token of a ServiceAccount, with the right to create one",
      review("create", { resource: "serviceaccounts", subresource: "token", namespace: "default", name: "ci" }),
      `${alice} create_core_serviceaccounts core_namespace:dev1/default`,
      [`${dev} parent core_namespace:dev1/default`],
    ],
    [
      "writing a membership, with the right to give roles (decisions 34)",
      review("create", { group: core, resource: "memberships" }),
      `${alice} manage_iam_roles ${dev}`,
    ],
    [
      "reading memberships, with the right to see roles (decisions 34)",
      review("list", { group: core, resource: "memberships" }),
      `${alice} get_iam_roles ${dev}`,
    ],
    [
      "creating an org, in store orgs",
      review("create", { group: core, resource: "accounts" }, { cluster: "orgs1" }),
      `${alice} create_core_platform-mesh_io_accounts tenancy_kcp_io_workspace:orgs`,
    ],
    [
      "discovery beside the orgs",
      review("get", "/api", { cluster: "orgs1" }),
      `${alice} list_core_platform-mesh_io_accounts tenancy_kcp_io_workspace:orgs`,
    ],
    [
      "a ServiceAccount, with the id of its workspace",
      review("list", configmaps, { user: "system:serviceaccount:ns:ci", userCluster: "dev1" }),
      "user:system.kcp.serviceaccount.dev1.ns.ci list_core_configmaps core_namespace:dev1/default",
      [`${dev} parent core_namespace:dev1/default`],
    ],
    [
      "a ServiceAccount of another workspace, by the same name there",
      review("get", "/api", { user: "system:kcp:serviceaccount:else1:ns:ci", userCluster: "else1" }),
      `user:system.kcp.serviceaccount.else1.ns.ci get ${dev}`,
    ],
    [
      "whether a workspace may use an API, whoever binds it",
      review(
        "bind",
        { group: "apis.kcp.io", resource: "apiexports", name: "things.example.com" },
        { cluster: "provider1", user: "system:anonymous", groups: ["system:authenticated", "system:cluster:dev1"] },
      ),
      `apis_kcp_io_apiexport:provider1/things.example.com bind ${dev}`,
    ],
  ])("%s", async (_, asked, tuple, contextual = []) => {
    const { answer, questions } = await ask(asked);
    const [question] = questions;
    expect(question && formatTuple(question.tuple)).toBe(tuple);
    expect(question?.contextual?.map(formatTuple) ?? []).toEqual(contextual);
    expect(question?.store).toBe(asked.cluster === "orgs1" ? "orgs" : "acme");
    expect(answer).toMatchObject({ allowed: true, reason: expect.stringContaining(" is ") });
  });

  test("of a plural that may have several singulars, the one that the model knows", async () => {
    const knows = ({ tuple }: Question) => tuple.object.startsWith("net_example_ingress:");
    const { answer, asked } = await ask(review("get", { group: "net.example", resource: "ingresses", name: "i" }), {
      knows,
    });
    expect(answer.allowed).toBe(true);
    expect(asked).toHaveLength(1);
    expect(singulars("ingresses")).toEqual(["ingress", "ingresse", "ingresses"]);
    expect(singulars("policies")).toEqual(["policy", "policie", "polici", "policies"]);
    expect(singulars("endpoints")).toEqual(["endpoint", "endpoints"]);
    expect(singulars("databases")[0]).toBe("database");
  });

  test("all namespaces, when the model knows a resource in namespaces alone", async () => {
    const knows = ({ tuple }: Question) => tuple.object.startsWith("core_namespace:");
    const { answer, asked } = await ask(review("list", { resource: "configmaps" }), { knows });
    expect(answer.allowed).toBe(true);
    expect(asked[1]).toBe("user:alice@example.com list_core_configmaps core_namespace:dev1/%2A");
  });
});

describe("no opinion, and nothing is asked", () => {
  const status = { group: core, resource: "accounts", subresource: "status", name: "qa" };
  const rbac = { group: "rbac.authorization.k8s.io", resource: "clusterrolebindings" };
  test.each<[string, Review, string]>([
    [
      "writes of AccountInfo (decisions 32)",
      review("patch", { group: core, resource: "accountinfos", name: "account" }),
      "by the functions alone",
    ],
    ["writes of a status (decisions 32)", review("patch", status), "by those who serve it"],
    [
      "writes of any subresource",
      review("update", { ...status, group: "", subresource: "scale" }),
      "by those who serve it",
    ],
    ["granting rights (decisions 33)", review("create", rbac), "no role lets anybody create"],
    [
      "bind and escalate of RBAC (decisions 33)",
      review("bind", { ...rbac, resource: "clusterroles" }),
      "about bind on clusterroles",
    ],
    [
      "admission policies (decisions 33)",
      review("create", { group: "admissionregistration.k8s.io", resource: "validatingadmissionpolicies" }),
      "no role says anything",
    ],
    [
      "workspaces, which Accounts make",
      review("create", { group: "tenancy.kcp.io", resource: "workspaces" }),
      "no role lets",
    ],
    ["deletecollection", review("deletecollection", configmaps), "no role says anything about deletecollection"],
    ["impersonation", review("impersonate", { resource: "users", name: "root" }), "impersonate"],
    ["everything at once", review("*", { group: "*", resource: "*" }), "no resource of one name"],
    [
      "the objects of all consumers of an API",
      review("get", { group: "apis.kcp.io", resource: "apiexports", subresource: "content", name: "x" }),
      "apiexports/content",
    ],
    ["a shell", review("get", { resource: "pods", subresource: "exec", namespace: "default", name: "p" }), "pods/exec"],
    ["health", review("get", "/readyz"), "/readyz"],
    ["apiary", review("get", "/apiary"), "/apiary"],
    [
      "other resources beside the orgs",
      review("list", { resource: "secrets" }, { cluster: "orgs1" }),
      "list secrets here",
    ],
    ["a workspace of no account", review("list", configmaps, { cluster: "root" }), "no workspace of an account"],
    ["no workspace", review("list", configmaps, { cluster: undefined }), "does not say in which workspace"],
    ["nobody", review("list", configmaps, { user: "system:anonymous" }), "nobody is logged in"],
    ["nobody, otherwise", review("list", configmaps, { groups: ["system:unauthenticated"] }), "nobody is logged in"],
    ["a name that means everybody", review("list", configmaps, { user: "*" }), "means everybody"],
    ["no name", review("list", configmaps, { user: "" }), "the name is empty"],
    [
      "an API for a workspace that is not named",
      review("bind", { group: "apis.kcp.io", resource: "apiexports", name: "x" }),
      "which workspace is to use the API",
    ],
  ])("%s", async (_, asked, reason) => {
    const { answer, questions } = await ask(asked);
    expect(answer).toEqual({ allowed: false, reason: expect.stringContaining(reason) });
    expect(questions).toEqual([]);
  });

  test("what the model does not know", async () => {
    const { answer } = await ask(review("list", { resource: "widgets" }), { knows: () => false });
    expect(answer).toEqual({ allowed: false, reason: expect.stringContaining("the model knows no list_core_widgets") });
  });

  test("what OpenFGA denies, with what was asked", async () => {
    const { answer } = await ask(review("create", configmaps), { check: async () => false });
    expect(answer).toMatchObject({
      allowed: false,
      reason: "user:alice@example.com is not create_core_configmaps of core_namespace:dev1/default",
    });
    expect(answer.evaluationError).toBeUndefined();
  });

  test("while OpenFGA is away, and kcp is told why", async () => {
    const check = () => Promise.reject(new FgaError("checking: no answer", { problem: "unavailable", code: "" }));
    const { answer } = await ask(review("create", configmaps), { check });
    expect(answer).toEqual({
      allowed: false,
      reason: "who may do what cannot be told just now: try again",
      evaluationError: "checking: no answer",
    });
  });
});

describe("reviews", () => {
  const spec = {
    user: "alice",
    extra: { "authorization.kcp.io/cluster-name": ["c"] },
    resourceAttributes: { verb: "get", resource: "pods" },
  };
  const decoded = (body: unknown) => decodeReview(Buffer.from(JSON.stringify(body)));
  const of = (apiVersion: string, more: object = {}) => ({
    apiVersion,
    kind: "SubjectAccessReview",
    spec: { ...spec, ...more },
  });

  test("are read in both versions, and from older kcp", () => {
    expect(decoded(of("authorization.k8s.io/v1", { groups: ["a"] }))).toMatchObject({ groups: ["a"], cluster: "c" });
    const old = { group: ["b"], extra: { "authorization.kubernetes.io/cluster-name": ["d"] } };
    expect(decoded(of("authorization.k8s.io/v1beta1", old))).toMatchObject({ groups: ["b"], cluster: "d" });
  });

  test("are answered in their version, and never denied", () => {
    expect(
      encodeAnswer("authorization.k8s.io/v1beta1", { allowed: false, reason: "why", evaluationError: "away" }),
    ).toEqual({
      apiVersion: "authorization.k8s.io/v1beta1",
      kind: "SubjectAccessReview",
      status: { allowed: false, denied: false, reason: "why", evaluationError: "away" },
    });
  });

  test.each<[string, unknown]>([
    ["another kind", { ...of("authorization.k8s.io/v1"), kind: "SelfSubjectAccessReview" }],
    ["another version", of("authorization.k8s.io/v2")],
    ["no question", of("authorization.k8s.io/v1", { resourceAttributes: undefined })],
    ["two questions", of("authorization.k8s.io/v1", { nonResourceAttributes: { path: "/", verb: "get" } })],
    ["an extra that is no list", of("authorization.k8s.io/v1", { extra: { a: "b" } })],
    ["a list", []],
  ])("are refused with %s", (_, body) => {
    expect(() => decoded(body)).toThrow(BadReviewError);
  });
});

import { expect, test } from "vitest";
import { BadReviewError } from "../../shared/review.ts";
import { defaultSettings } from "../../shared/settings.ts";
import { type Deps, mutateAccount, type Place, validateAccount } from "./index.ts";
import { type Limits, limitPolicies } from "./limits.ts";
import { decodeReview, encodeVerdict } from "./review.ts";
import { admissionCases, chosen, type Given } from "./test-cases.ts";

const paths: Readonly<Record<string, string>> = {
  orgs: "root:orgs",
  acme: "root:orgs:acme",
  deep: "root:orgs:acme:a:b",
};
const settings = { ...defaultSettings, ...chosen, creatorAdminGroup: "support" };
const deps: Deps = {
  settings,
  pathOf: async (cluster) => paths[cluster] ?? Promise.reject(new Error("not served")),
  policies: [],
};

interface Account extends Omit<Given, "workspace"> {
  readonly workspace?: string;
}
const accountOf = ({ name = "acme", type = "org", creator, workspace = "orgs", isDeleting }: Account) => ({
  apiVersion: "core.platform-mesh.io/v1alpha1",
  kind: "Account",
  metadata: {
    name,
    annotations: { "kcp.io/cluster": workspace },
    ...(isDeleting && { deletionTimestamp: "2026-01-01T00:00:00Z" }),
  },
  spec: { type, ...(creator !== undefined && { creator }) },
});
function reviewOf(object: object | null, oldObject: object | null = null, more: object = {}) {
  const operation = oldObject ? (object ? "UPDATE" : "DELETE") : "CREATE";
  const userInfo = { username: "alice", groups: ["people"] };
  const request = { uid: "u1", operation, userInfo, object, oldObject, ...more };
  return { apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", request };
}
const decoded = (review: unknown) => decodeReview(new TextEncoder().encode(JSON.stringify(review)));
const created = (given: Account, more?: object) =>
  validateAccount(decoded(reviewOf(accountOf(given), null, more)), deps);
const changed = (before: Account, after: Account, more?: object) =>
  validateAccount(decoded(reviewOf(accountOf(after), accountOf(before), more)), deps);
const bySupport = { userInfo: { username: "sue", groups: ["support"] } };

test.each(admissionCases)("$title", async ({ before, given, refusal, by }) => {
  const more = by === "support" ? bySupport : {};
  const verdict = before ? await changed(before, given, more) : await created(given, more);
  expect(verdict).toEqual(refusal === undefined ? {} : { refusal: expect.stringContaining(refusal) });
});

test("001-F05, 002-F21 the creator is whoever creates, unless one is given", () => {
  const mutated = (given: Given, more?: object) => mutateAccount(decoded(reviewOf(accountOf(given), null, more)));
  expect(mutated({})).toEqual({ patch: [{ op: "add", path: "/spec/creator", value: "alice" }] });
  expect(mutated({ creator: "" })).toEqual({ patch: [{ op: "add", path: "/spec/creator", value: "alice" }] });
  expect(mutated({ creator: "bob" })).toEqual({});
  expect(mutateAccount(decoded(reviewOf(accountOf({}), accountOf({}))))).toEqual({});
  expect(mutateAccount(decoded(reviewOf({ ...accountOf({}), spec: undefined })))).toEqual({});
});

test("a deletion is nobody's business here", async () => {
  expect(await validateAccount(decoded(reviewOf(null, accountOf({}))), deps)).toEqual({});
});

test("a workspace that is not known yet lets the Account in with a warning: the steps ask the same", async () => {
  const { refusal, warnings } = await created({ workspace: "new-cluster" });
  expect({ refusal, warnings }).toEqual({ refusal: undefined, warnings: [expect.stringContaining("was not checked")] });
});

test("policies see where an Account would be, until one refuses", async () => {
  const seen: Place[] = [];
  const policies = ["", "too many", "never asked"].map((refusal) => async (place: Place) => {
    seen.push(place);
    return refusal || undefined;
  });
  const review = decoded(reviewOf(accountOf({ type: "account", name: "dev", workspace: "deep" })));
  expect(await validateAccount(review, { ...deps, policies })).toEqual({ refusal: "too many" });
  expect(seen).toHaveLength(2);
  expect(seen[0]).toMatchObject({ cluster: "deep", path: "root:orgs:acme:a:b", depth: 4, account: { name: "dev" } });
});

test.each<[string, unknown, string]>([
  ["another version", { ...reviewOf(accountOf({})), apiVersion: "admission.k8s.io/v1beta1" }, "apiVersion"],
  ["another kind", { ...reviewOf(accountOf({})), kind: "Account" }, "kind"],
  ["no request", { apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview" }, "request"],
  ["no uid", reviewOf(accountOf({}), null, { uid: "" }), "request.uid"],
  ["an object of another kind", reviewOf({ ...accountOf({}), kind: "Workspace" }), "request.object.kind"],
  ["an update without what there was", reviewOf(accountOf({}), null, { operation: "UPDATE" }), "request.oldObject"],
  ["a creation of nothing", reviewOf(null), "request.object"],
  ["a list", [], "the body"],
])("a review with %s is no review", (_, review, text) => {
  expect(() => decoded(review)).toThrow(BadReviewError);
  expect(() => decoded(review)).toThrow(text);
});

test("a verdict carries the uid, the refusal and the patch", () => {
  expect(encodeVerdict("u1", {})).toEqual({
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    response: { uid: "u1", allowed: true },
  });
  expect(encodeVerdict("u1", { refusal: "no" })).toMatchObject({
    response: { allowed: false, status: { code: 422, reason: "Invalid", message: "no" } },
  });
  const patch = [{ op: "add", path: "/spec/creator", value: "alice" }] as const;
  expect(encodeVerdict("u1", { patch })).toMatchObject({
    response: { patchType: "JSONPatch", patch: Buffer.from(JSON.stringify(patch)).toString("base64") },
  });
});

test.each<[string, Partial<Limits>, Given, number, string | undefined]>([
  ["no limit", {}, { workspace: "deep" }, 99, undefined],
  ["the last level that may be", { depth: 4 }, { workspace: "deep" }, 0, undefined],
  ["a level too deep", { depth: 3 }, { workspace: "deep" }, 0, "accounts may have 3 levels: create it further up"],
  ["the last child that may be", { children: 2 }, { workspace: "acme" }, 1, undefined],
  ["a child too many", { children: 2 }, { workspace: "acme" }, 2, "root:orgs:acme holds 2 accounts, and may hold 2"],
  ["an org, of which there may be any number", { children: 2 }, { type: "org", name: "more" }, 2, undefined],
])("002-F23 limits: %s", async (_, limits, given, present, text) => {
  const policies = limitPolicies({ depth: undefined, children: undefined, ...limits }, async () => present);
  const review = decoded(reviewOf(accountOf({ type: "account", name: "dev", ...given })));
  const { refusal } = await validateAccount(review, { ...deps, policies });
  expect(refusal).toEqual(text && expect.stringContaining(text));
});

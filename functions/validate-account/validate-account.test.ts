import { expect, test } from "vitest";
import { BadReviewError } from "../../shared/review.ts";
import { defaultSettings } from "../../shared/settings.ts";
import { type Deps, mutateAccount, type Place, validateAccount } from "./index.ts";
import { type Limits, limitPolicies } from "./limits.ts";
import { decodeReview, encodeVerdict } from "./review.ts";

interface Given {
  readonly name?: string;
  readonly type?: string;
  readonly creator?: string;
  readonly cluster?: string;
  readonly deleting?: boolean;
}
const orgs = "orgs-cluster";
const acme = "acme-cluster";
const paths: Readonly<Record<string, string>> = {
  [orgs]: "root:orgs",
  [acme]: "root:orgs:acme",
  deep: "root:orgs:acme:a:b",
};
const settings = {
  ...defaultSettings,
  additionalAccountTypes: ["partner"],
  deniedOrgNames: ["admin"],
  creatorAdminGroup: "support",
};
const deps: Deps = {
  settings,
  pathOf: async (cluster) => paths[cluster] ?? Promise.reject(new Error("not served")),
  policies: [],
};

const accountOf = ({ name = "acme", type = "org", creator, cluster = orgs, deleting }: Given) => ({
  apiVersion: "core.platform-mesh.io/v1alpha1",
  kind: "Account",
  metadata: {
    name,
    annotations: { "kcp.io/cluster": cluster },
    ...(deleting && { deletionTimestamp: "2026-01-01T00:00:00Z" }),
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
const created = (given: Given, more?: object) => validateAccount(decoded(reviewOf(accountOf(given), null, more)), deps);
const changed = (before: Given, after: Given, more?: object) =>
  validateAccount(decoded(reviewOf(accountOf(after), accountOf(before), more)), deps);
const bySupport = { userInfo: { username: "sue", groups: ["support"] } };

test.each<[string, Given]>([
  ["an org", {}],
  ["an account in an org", { type: "account", name: "dev", cluster: acme }],
  ["an account at any depth", { type: "account", name: "1st", cluster: "deep" }],
  ["001-F03 a type of the operator's own", { type: "partner", name: "dev", cluster: acme }],
  ["an org with the shortest name", { name: "abc" }],
  ["a creator who is the user", { creator: "alice" }],
  ["a name that the server has still to generate", { name: "" }],
])("002-F20 lets in %s", async (_, given) => {
  expect(await created(given)).toEqual({});
});

test.each<[string, Given, string]>([
  ["001-F03 a type that nobody allowed", { type: "trial" }, 'account type "trial" is not allowed: use one of org'],
  ["an org with a short name", { name: "ab" }, "too short: use at least 3"],
  ["an org with a denied name", { name: "admin" }, '"admin" is reserved: choose another'],
  ["an org that is named like a realm", { name: "welcome" }, "is reserved"],
  ["an org whose types would have no name", { name: "a".repeat(56) }, "too long: use at most 55"],
  ["an org that begins with a digit", { name: "1st" }, "must start with a letter"],
  ["a name with a dot", { name: "a.b", type: "account", cluster: acme }, "cannot become a workspace: use 1 to 63"],
  ["an org inside an org", { cluster: acme }, "create it there, or use type account"],
  ["an account outside any org", { type: "account", name: "dev" }, "create it in the workspace of its org"],
  ["the creator of somebody else", { creator: "bob" }, "name yourself, or leave it out; group support may"],
])("002-F23 refuses %s, and says what to do", async (_, given, text) => {
  expect((await created(given)).refusal).toContain(text);
});

test.each<[string, Given, Given, string | undefined]>([
  ["another type", {}, { type: "account" }, "spec.type cannot change"],
  ["another creator", { creator: "alice" }, { creator: "bob" }, 'spec.creator cannot change (it is "alice")'],
  ["no creator any more", { creator: "alice" }, { creator: "" }, "spec.creator cannot change"],
  ["a creator where there was none", {}, { creator: "bob" }, undefined],
  ["metadata of a name that is reserved now", { name: "admin" }, { name: "admin" }, undefined],
  ["anything of what is being deleted", {}, { type: "account", deleting: true }, undefined],
])("001-F05 a change to %s", async (_, before, after, text) => {
  expect((await changed(before, after)).refusal).toEqual(text && expect.stringContaining(text));
});

test("members of the creator admins may name any creator, and change one", async () => {
  expect(await created({ creator: "bob" }, bySupport)).toEqual({});
  expect(await changed({ creator: "alice" }, { creator: "bob" }, bySupport)).toEqual({});
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
  const { refusal, warnings } = await created({ cluster: "new-cluster" });
  expect({ refusal, warnings }).toEqual({ refusal: undefined, warnings: [expect.stringContaining("was not checked")] });
});

test("policies see where an Account would be, until one refuses", async () => {
  const seen: Place[] = [];
  const policies = ["", "too many", "never asked"].map((refusal) => async (place: Place) => {
    seen.push(place);
    return refusal || undefined;
  });
  const review = decoded(reviewOf(accountOf({ type: "account", name: "dev", cluster: "deep" })));
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
  ["no limit", {}, { cluster: "deep" }, 99, undefined],
  ["the last level that may be", { depth: 4 }, { cluster: "deep" }, 0, undefined],
  ["a level too deep", { depth: 3 }, { cluster: "deep" }, 0, "accounts may have 3 levels: create it further up"],
  ["the last child that may be", { children: 2 }, { cluster: acme }, 1, undefined],
  ["a child too many", { children: 2 }, { cluster: acme }, 2, "root:orgs:acme holds 2 accounts, and may hold 2"],
  ["an org, of which there may be any number", { children: 2 }, { type: "org", name: "more" }, 2, undefined],
])("002-F23 limits: %s", async (_, limits, given, present, text) => {
  const policies = limitPolicies({ depth: undefined, children: undefined, ...limits }, async () => present);
  const review = decoded(reviewOf(accountOf({ type: "account", name: "dev", ...given })));
  const { refusal } = await validateAccount(review, { ...deps, policies });
  expect(refusal).toEqual(text && expect.stringContaining(text));
});

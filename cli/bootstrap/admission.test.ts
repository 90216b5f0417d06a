import fc from "fast-check";
import { expect, test } from "vitest";
import { celValue } from "../../embedded/admission/cel.ts";
import { Policy } from "../../embedded/admission/policy.ts";
import { asObject, type JsonObject } from "../../embedded/json.ts";
import { validateAccount } from "../../functions/validate-account/index.ts";
import { decodeReview } from "../../functions/validate-account/review.ts";
import { defaultSettings } from "../../shared/settings.ts";
import { admissionSteps, type PolicySettings, readAdmission } from "./admission.ts";
import type { Manifest } from "./manifests.ts";

async function manifestsFor(settings: PolicySettings): Promise<readonly Manifest[]> {
  const steps = await admissionSteps(await readAdmission({ form: "policy", settings }));
  return steps.flatMap(({ objects }) => objects);
}
async function policyFor(settings: PolicySettings): Promise<Policy> {
  const [policy] = await manifestsFor(settings);
  return new Policy(asObject(policy?.spec as JsonObject), "spec.");
}
const account = (name: string, type: string, creator: string | undefined) => ({
  kind: "Account",
  metadata: { name },
  spec: { type, displayName: "", ...(creator !== undefined && { creator }) },
});

// What somebody may type into a flag.
const word = fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 });
const orgName = fc.stringMatching(/^[a-z0-9.-]{0,8}$/);
const settingsOf = fc.record({
  deniedOrgNames: fc.array(fc.oneof(word, orgName), { maxLength: 4 }),
  additionalAccountTypes: fc.array(word, { maxLength: 3 }),
  creatorAdminGroup: fc.option(word, { nil: undefined }),
});

test("decisions 28: whatever the flags hold, the policy says of a new Account what the function says", async () => {
  const cases = settingsOf.chain((settings) =>
    fc.record({
      settings: fc.constant(settings),
      name: fc.oneof(orgName, fc.constantFrom("acme", "orgs", ...settings.deniedOrgNames)),
      type: fc.oneof(fc.constantFrom("org", "account", ...settings.additionalAccountTypes), word),
      creator: fc.option(fc.constantFrom("alice", "bob", ""), { nil: undefined }),
      group: fc.constantFrom("people", settings.creatorAdminGroup ?? "people"),
    }),
  );
  const property = fc.asyncProperty(cases, async ({ settings, name, type, creator, group }) => {
    const object = account(name, type, creator);
    const userInfo = { username: "alice", groups: [group] };
    const request = { uid: "u", operation: "CREATE", userInfo, object };
    const review = { apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", request };
    const { refusal } = await validateAccount(decodeReview(Buffer.from(JSON.stringify(review))), {
      settings: { ...defaultSettings, ...settings },
      // Where neither is in the wrong place.
      pathOf: async () => (type === "org" ? "root:orgs" : "root:orgs:acme"),
      policies: [],
    });
    const policy = await policyFor(settings);
    expect(policy.causes).toEqual([]);
    const values = { object: celValue(object), oldObject: null, request: celValue({ operation: "CREATE", userInfo }) };
    expect(policy.isMeant(values)).toBe(true);
    const [denial] = policy.denials(values, false);
    // kcp trims what an expression says: a type may end in a space.
    expect(denial?.message).toEqual(refusal?.trim());
  });
  await fc.assert(property, { numRuns: 200 });
});

test("kcp-facts V17: the policy has no paramKind, which would make kcp crash at every start", async () => {
  const [policy, binding] = await manifestsFor({ ...defaultSettings, creatorAdminGroup: undefined });
  expect(policy?.spec).not.toHaveProperty("paramKind");
  expect(binding?.spec).toEqual({ policyName: "accounts", validationActions: ["Deny"] });
  expect(JSON.stringify([policy, binding])).not.toContain("{{");
});

const settings = { ...defaultSettings, creatorAdminGroup: undefined };
test.each([
  ["nothing", {}, { form: "policy", isDefault: true }],
  ["a policy", { form: "policy" }, { form: "policy", isDefault: false }],
  ["none", { form: "none" }, { form: "none" }],
] as const)("whoever chooses %s gets it", async (_, flags, expected) => {
  expect(await readAdmission({ ...flags, settings })).toMatchObject(expected);
});

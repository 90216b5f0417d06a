import { z } from "zod";
import { classify, messageOf } from "../../shared/kcp/errors.ts";
import { clusterOf, type KubeObject, pathAnnotation } from "../../shared/kcp/objects.ts";
import type { Client } from "../../shared/kcp/rest.ts";
import { nameOf, systemWorkspace } from "../bootstrap/manifests.ts";
import { type Plan, planAll } from "../bootstrap/plan.ts";
import { checkPreconditions, versionOf } from "../bootstrap/preconditions.ts";
import { chosenSecurity, installationSteps, readSecurity } from "../bootstrap/security.ts";
import { createLimit } from "../limit.ts";
import { admissionCheck } from "./admission-check.ts";
import { asAdmin } from "./as-admin.ts";
import { type Check, fail, few, ok, warn } from "./check.ts";
import type { View } from "./view.ts";

const ready = asAdmin("KCP", async (admin) => {
  await admin.request({ path: "/readyz" });
  return ok(`kcp ${await versionOf(admin)} is ready`.replace("  ", " "));
});

const manifests = asAdmin("MANIFESTS", async (admin, view) => {
  const wait = { limitMs: 0, io: { ...view.io, stderr: { write: () => {} } } };
  const call = { signal: view.io.signal };
  const security = await chosenSecurity(await readSecurity(), admin, call);
  const steps = await installationSteps(await checkPreconditions(admin, wait), security);
  const plans = await planAll(admin, steps, call);
  const names = (state: Plan["state"]) =>
    plans.filter((plan) => plan.state === state).map(({ workspace, object }) => nameOf(workspace, object));
  const [absent, different] = [names("missing"), names("differs")];
  if (absent.length > 0) return fail(`${absent.length} objects are missing: ${few(absent)}`, "pm bootstrap");
  if (different.length === 0) return ok(`${plans.length} objects are as this version makes them`);
  return warn(`${different.length} objects differ: ${few(different)}`, "pm bootstrap --upgrade --dry-run shows how");
});

const policies = { group: "admissionregistration.k8s.io", version: "v1", plural: "validatingadmissionpolicies" };
const policy = z.looseObject({ spec: z.looseObject({ paramKind: z.unknown().optional() }).optional() });

/** One policy with paramKind makes kcp 0.31 crash, and crash again at each start (kcp-facts V17). */
const paramKinds = asAdmin("VAP-PARAM", async (admin, view) => {
  const { found, unseen } = await policiesOf(admin, view);
  const bad = found.filter((object) => policy.parse(object).spec?.paramKind !== undefined);
  if (bad.length > 0) {
    const names = bad.map((object) => `${object.metadata.name} in ${clusterOf(object)}`);
    return fail(
      `${bad.length} ValidatingAdmissionPolicies use paramKind, which crashes kcp 0.31: ${few(names)}`,
      "delete them before kcp restarts",
    );
  }
  if (unseen.length > 0)
    return warn(
      `policies of ${unseen.length} workspaces could not be read: ${few(unseen)}`,
      "use the kubeconfig of a shard administrator",
    );
  return ok(`no policy uses paramKind (${found.length} policies)`);
});

/** A shard's administrator reads all at once, others workspace by workspace. */
async function policiesOf(admin: Client, view: View) {
  const call = { signal: view.io.signal };
  const list = (cluster: string) => admin.readAll<KubeObject>(policies, { cluster }, call);
  try {
    return { found: await list("*"), unseen: [] };
  } catch (error) {
    // While an authorization webhook is away, kcp answers 500 for what it would ask it.
    if (!["forbidden", "retry"].includes(classify(error))) throw error;
  }
  const known = view.shards.length > 0 ? await view.everywhere("LogicalCluster") : [];
  const paths = new Set(["root", systemWorkspace, "root:orgs", "root:providers"]);
  for (const { metadata } of known)
    paths.add(metadata.annotations?.[pathAnnotation] ?? metadata.annotations?.["kcp.io/cluster"] ?? "");
  paths.delete("");
  const limit = createLimit(8);
  const unseen: string[] = [];
  const found = await Promise.all(
    [...paths].map((path) =>
      limit(() =>
        list(path).catch((error: unknown) => {
          if (classify(error) === "unreachable") throw error;
          // A workspace that has gone meanwhile holds no policy any more.
          if (classify(error) !== "not-found") unseen.push(`${path} (${messageOf(error)})`);
          return [];
        }),
      ),
    ),
  );
  return { found: found.flat(), unseen };
}

export const adminChecks: readonly Check[] = [ready, manifests, admissionCheck, paramKinds];

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { kinds } from "../../shared/kcp/kinds.ts";
import type { KubeObject } from "../../shared/kcp/objects.ts";
import { coreExport } from "../../shared/names.ts";
import { BareKcp, eventually } from "../../test/bare-kcp.ts";
import { resourceOf, systemWorkspace } from "../bootstrap/manifests.ts";
import type { Finding } from "./check.ts";
import { claimsOf } from "./claims.ts";

const minute = 60_000;
const exports = resourceOf({ apiVersion: "apis.kcp.io/v1alpha2", kind: "APIExport" });
const schemas = resourceOf({ apiVersion: "apis.kcp.io/v1alpha1", kind: "APIResourceSchema" });
const ours = { cluster: systemWorkspace, name: coreExport };

let bare: BareKcp;
beforeAll(async () => {
  bare = await BareKcp.start();
  expect(await bare.bootstrap()).toMatchObject({ code: 0 });
});
afterAll(() => bare?.stop());

interface Report {
  readonly code: number | null;
  readonly findings: readonly Finding[];
}
async function doctor(...args: readonly string[]): Promise<Report> {
  const { code, out, err } = await bare.pm("doctor", `--kubeconfig=${bare.operatorFile}`, "-o", "json", ...args);
  if (!out) throw new Error(err);
  return { code, findings: JSON.parse(out) };
}
const asAdmin = () => `--admin-kubeconfig=${bare.kcp.adminKubeconfig}`;
const notWell = ({ findings }: Report) =>
  findings.filter(({ level }) => level !== "OK").map(({ id, level }) => `${level} ${id}`);

/** Runs one check until it says this: kcp's caches lag behind what was just broken. */
async function expectFinding(id: string, expected: Partial<Finding>, ...args: readonly string[]): Promise<void> {
  const matches = ({ findings: [finding] }: Report) => finding?.level === expected.level;
  const { code, findings } = await eventually(() => doctor(id, ...args), matches);
  expect(findings).toEqual([expect.objectContaining({ id, ...expected })]);
  expect(code).toBe(expected.level === "FAIL" ? 1 : 0);
}
const saying = (text: string) => expect.stringContaining(text);

test("a new installation is well, and every check ran", async () => {
  const report = await doctor(asAdmin());
  expect(notWell(report)).toEqual([]);
  expect(report.findings).toHaveLength(25);
  expect(report.code).toBe(0);
});

test("with the functions' identity alone, four checks are skipped", async () => {
  expect(notWell(await doctor())).toEqual(["SKIP KCP", "SKIP MANIFESTS", "SKIP ADMISSION", "SKIP VAP-PARAM"]);
});

test("prints the count, and nothing else when all is well", async () => {
  const { out } = await bare.pm("doctor", `--kubeconfig=${bare.operatorFile}`, asAdmin());
  expect(out).toBe(" OK 25 checks   WARN 0   FAIL 0\n");
});

test("001-F35 tells where accounts are applied, since root does not serve them", async () => {
  await expectFinding("ORGS", { level: "OK", message: saying("root itself does not serve accounts") });
});

test("says that no function runs, and leaves no canary behind", async () => {
  await expectFinding(
    "CANARY",
    { level: "FAIL", message: saying("no function has looked at it"), fix: saying("pm run") },
    "--wait=1s",
  );
  expect(await bare.admin.get("Account", "root:orgs", "pm-canary")).toBeUndefined();
});

test("does not take kcp's administrator for the functions", async () => {
  const { out } = await bare.pm("doctor", `--kubeconfig=${bare.kcp.adminKubeconfig}`, "--context=root", "-o", "name");
  expect(out).toContain("IDENTITY WARN\n");
  expect(out).toContain("MANIFESTS OK\n");
});

test("finds a user without the functions' rights", async () => {
  const file = join(bare.folder, "alice.kubeconfig");
  const text = await readFile(bare.operatorFile, "utf8");
  await writeFile(file, text.replace(/token: .*/, `token: ${bare.kcp.tokens.alice}`));
  const { code, out } = await bare.pm("doctor", `--kubeconfig=${file}`, "-o", "name");
  expect(code).toBe(1);
  expect(out).toContain("IDENTITY FAIL\n");
  expect(out).toContain("RIGHTS FAIL\n");
});

test("exit code 3 when kcp does not answer, 2 for an unknown check", async () => {
  const file = join(bare.folder, "nobody.kubeconfig");
  const text = await readFile(bare.operatorFile, "utf8");
  await writeFile(file, text.replace(bare.kcp.url, "https://127.0.0.1:1"));
  expect(await bare.pm("doctor", `--kubeconfig=${file}`)).toMatchObject({ code: 3, err: saying("does not answer") });
  expect(await bare.pm("doctor", "NOPE")).toMatchObject({ code: 2, err: saying("one of IDENTITY") });
});

describe("finds, and bootstrap --upgrade mends,", () => {
  const typePatch = (name: string, spec: object) => () =>
    bare.admin.mergePatch(kinds.WorkspaceType, { cluster: "root", name }, { spec });
  const patchExport = (spec: (live: KubeObject | undefined) => object) => async () =>
    bare.admin.mergePatch(exports, ours, { spec: spec(await bare.admin.read(exports, ours)) });
  const claimingFromElsewhere = (live: KubeObject | undefined) => ({
    permissionClaims: claimsOf(live).map((claim) => (claim.identityHash ? { ...claim, identityHash: "0ther" } : claim)),
  });
  const clusterRole = (name: string) => () =>
    bare.admin.delete(resourceOf({ apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole" }), {
      cluster: "root",
      name,
    });

  test.each<[string, () => Promise<unknown>, string, Partial<Finding>]>([
    [
      "types that do not reach existing workspaces",
      typePatch("account", { defaultAPIBindingLifecycle: "InitializeOnly" }),
      "BIND-LC",
      { level: "WARN", message: saying("root:account use InitializeOnly") },
    ],
    [
      "claims on a kcp that is no more",
      patchExport(claimingFromElsewhere),
      "KCP-HASH",
      { level: "FAIL", message: saying("kcp was re-created") },
    ],
    [
      "a status that owners could forge",
      patchExport(() => ({ maximalPermissionPolicy: null })),
      "PROTECTION",
      { level: "WARN", message: saying("can forge") },
    ],
    [
      "a claim that was lost",
      patchExport((live) => ({ permissionClaims: claimsOf(live).filter(({ resource }) => resource !== "events") })),
      "EXPORT",
      { level: "FAIL", message: saying("does not claim events") },
    ],
    [
      "rights that were taken away",
      clusterRole("account-functions:operator"),
      "RIGHTS",
      { level: "FAIL", message: saying("use workspacetypes account in root") },
    ],
    [
      "objects that differ",
      typePatch("orgs", { additionalWorkspaceLabels: { by: "hand" }, defaultAPIBindingLifecycle: "InitializeOnly" }),
      "MANIFESTS",
      { level: "WARN", message: saying("WorkspaceType orgs in root") },
    ],
  ])("%s", { timeout: minute }, async (_, breakIt, id, expected) => {
    await breakIt();
    await expectFinding(id, { ...expected, fix: saying("pm bootstrap --upgrade") }, asAdmin());
    expect(await bare.bootstrap("--upgrade")).toMatchObject({ code: 0 });
    await expectFinding(id, { level: "OK" }, asAdmin());
  });

  // decisions.md 14
  test("the reference operator's schemas, which everything but the phase works with", { timeout: minute }, async () => {
    interface Exporting extends KubeObject {
      readonly spec: { readonly resources: readonly { readonly name: string; readonly schema: string }[] };
    }
    const live = await bare.admin.read<Exporting>(exports, ours);
    const resources = await Promise.all(
      (live?.spec.resources ?? []).map(async (entry) => {
        const schema = await bare.admin.read(schemas, { cluster: systemWorkspace, name: entry.schema });
        const older = JSON.parse(JSON.stringify(schema), (key, value) => {
          if (key === "properties") return { ...value, phase: undefined, ...(value.fga && { data: undefined }) };
          if (key === "additionalPrinterColumns") return value.slice(0, 3);
          return value;
        });
        const metadata = { name: `v1.${entry.name}.${coreExport}` };
        await bare.admin.create(schemas, systemWorkspace, { ...older, metadata });
        return { ...entry, schema: metadata.name };
      }),
    );
    await bare.admin.mergePatch(exports, ours, { spec: { resources } });
    const message = saying("no status.phase of Account, with its column; no spec.data of AccountInfo");
    await expectFinding("SCHEMAS", { level: "WARN", message });
    expect(await bare.bootstrap("--upgrade")).toMatchObject({ code: 0 });
    await expectFinding("SCHEMAS", { level: "OK" });
  });
});

// Last, and with a policy that no binding puts to work: with one it would crash this kcp (kcp-facts V17).
test("finds a policy with paramKind in a workspace", async () => {
  const policy = {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingAdmissionPolicy",
    metadata: { name: "with-params" },
    spec: {
      paramKind: { apiVersion: "v1", kind: "ConfigMap" },
      matchConstraints: {
        resourceRules: [{ apiGroups: ["none"], apiVersions: ["v1"], resources: ["none"], operations: ["CREATE"] }],
      },
      validations: [{ expression: "true" }],
    },
  };
  const policies = { group: "admissionregistration.k8s.io", version: "v1", plural: "validatingadmissionpolicies" };
  await bare.admin.create(policies, "root:orgs", policy);
  await expectFinding("VAP-PARAM", { level: "FAIL", message: saying("with-params") }, asAdmin());
});

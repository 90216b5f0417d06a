import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { discover } from "../../shared/kcp/discovery.ts";
import { kinds, secrets } from "../../shared/kcp/kinds.ts";
import { loadKubeconfig } from "../../shared/kcp/kubeconfig.ts";
import { readSecurityType } from "../../shared/kcp/marker-urls.ts";
import { clusterOf, type KubeObject, type Workspace } from "../../shared/kcp/objects.ts";
import { type Client, createClient } from "../../shared/kcp/rest.ts";
import { coreExport, securityMarker } from "../../shared/names.ts";
import { BareKcp, eventually, succeeding } from "../../test/bare-kcp.ts";
import { claimsOf } from "../doctor/claims.ts";
import { runDoctor } from "../doctor/doctor.ts";
import { openView } from "../doctor/view.ts";
import { resourceOf } from "./manifests.ts";

const minute = 60_000;
const io = { now: Date.now, signal: new AbortController().signal };
const tenancy = { apiVersion: "tenancy.kcp.io/v1alpha1" };
const issuers = resourceOf({ ...tenancy, kind: "WorkspaceAuthenticationConfiguration" });
const inOrgs = (name: string) => ({ path: "root:orgs", name });

let bare: BareKcp;
/** The functions' identity, through the virtual workspace of the export and past it. */
let operator: Client;
let direct: Client;
/** Through those of the initializer and of the terminator, once security is on. */
let initializing: Client;
let terminating: Client;
let orgs: string;

beforeAll(async () => {
  bare = await BareKcp.start();
  expect(await bare.bootstrap("--admission=none")).toMatchObject({ code: 0 });
  const options = { operator: { file: bare.operatorFile }, admin: undefined, timeoutMs: minute, waitMs: minute };
  const [shard] = (await openView(options, io)).shards;
  if (!shard) throw new Error("no endpoint");
  operator = shard;
  const config = await loadKubeconfig(options.operator);
  direct = createClient({ config });
  orgs = (await direct.get("Workspace", "root", "orgs"))?.spec?.cluster ?? "";
  const { urls } = await readSecurityType(direct.read, securityMarker);
  initializing = createClient({ config, basesOf: () => urls.initializer });
  terminating = createClient({ config, basesOf: () => urls.terminator });
});
afterAll(async () => {
  for (const client of [operator, direct, initializing, terminating]) client?.close();
  await bare?.stop();
});

/** As the functions make an org; answers the id of its workspace. */
async function makeOrg(name: string): Promise<string> {
  const type = (kind: "org" | "account") => ({
    ...tenancy,
    kind: "WorkspaceType",
    metadata: { name: `${name}-${kind}` },
    spec: { extend: { with: [{ path: "root", name: kind }] } },
  });
  await operator.create(kinds.WorkspaceType, orgs, type("org"));
  await operator.create(kinds.WorkspaceType, orgs, type("account"));
  const workspace = { ...tenancy, kind: "Workspace", metadata: { name }, spec: { type: inOrgs(`${name}-org`) } };
  await succeeding(() => operator.create(kinds.Workspace, orgs, workspace));
  return (await untilWorkspace(name, (seen) => !!seen?.spec?.cluster))?.spec?.cluster ?? "";
}
const untilWorkspace = (name: string, isRight: (seen: Workspace | undefined) => boolean) =>
  eventually(() => operator.get("Workspace", orgs, name), isRight, minute);
const ready = (name: string) => untilWorkspace(name, (seen) => seen?.status?.phase === "Ready");

/** The LogicalCluster of a workspace as one of the virtual workspaces shows it, once it does. */
const seenIn = (client: Client, id: string) =>
  eventually(
    async () => (await client.list("LogicalCluster", "*")).find((each) => clusterOf(each) === id),
    (found) => found !== undefined,
  );
const setStatus = (client: Client, cluster: string, status: object) =>
  client.mergePatch(kinds.LogicalCluster, { cluster, name: "cluster", subresource: "status" }, { status });
const doctor = (only: string, now = Date.now) =>
  runDoctor(
    {
      operator: { file: bare.operatorFile },
      admin: { file: bare.kcp.adminKubeconfig, context: "root" },
      canary: false,
      only: [only],
      timeoutMs: minute,
      waitMs: minute,
    },
    { ...io, now },
  );
const coreBindingIn = async (cluster: string) =>
  (await bare.admin.list("APIBinding", cluster)).find(({ spec }) => spec.reference.export?.name === coreExport);
const claimedIn = async (cluster: string) => claimsOf(await coreBindingIn(cluster)).map(({ resource }) => resource);

describe("decisions 29, 35: --security=on", () => {
  let early: string;

  test("changes exactly what it concerns, without --upgrade, and says before what it will", {
    timeout: 3 * minute,
  }, async () => {
    early = await makeOrg("early");
    expect(await ready("early")).toMatchObject({ status: { phase: "Ready" } });
    const preview = await bare.bootstrap("--security=on", "--admission=none", "--upgrade", "--dry-run", "-o", "name");
    const switched = [
      "WorkspaceType security in root",
      "APIExport core.platform-mesh.io in root:platform-mesh-system",
      "APIBinding core.platform-mesh.io in root:platform-mesh-system",
      "WorkspaceType orgs in root",
      "ClusterRole account-functions:operator in root",
    ];
    expect(preview.out.split("\n").map((line) => /^differs: (.*): /.exec(line)?.[1])).toEqual([...switched, undefined]);
    expect((await bare.bootstrap("--security=on", "--admission=none", "--dry-run")).out).toContain(
      "  initializer: true",
    );

    const { code, out, err } = await bare.bootstrap("--security=on", "--admission=none", "-o", "json");
    expect(code, err).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ created: [], changed: switched, differing: [] });
  });

  test("again changes nothing, and a run that does not name it keeps it", async () => {
    for (const flags of [["--security=on"], []]) {
      const { code, out, err } = await bare.bootstrap(...flags, "--admission=none", "-o", "json");
      expect(code, err).toBe(0);
      expect(JSON.parse(out)).toMatchObject({ created: [], changed: [], removed: [], differing: [] });
    }
    expect(await bare.bootstrap("--admission=none", "--upgrade", "--dry-run")).toMatchObject({
      out: "nothing to change\n",
    });
  });

  // kcp-facts V6.
  test("reaches the workspaces that were there before", async () => {
    for (const cluster of [early, orgs]) {
      expect(
        await eventually(
          () => claimedIn(cluster),
          (found) => found.includes("secrets"),
          minute,
        ),
      ).toEqual(expect.arrayContaining(["secrets", "workspaceauthenticationconfigurations"]));
    }
  });
});

describe("the operator's rights are enough", () => {
  let acme: string;

  test("to see a new workspace initialize, and to let it become Ready", async () => {
    acme = await makeOrg("acme");
    const seen = await seenIn(initializing, acme);
    expect(seen).toMatchObject({ status: { phase: "Initializing", terminators: [securityMarker] } });
    const left = await eventually(
      async () => (await initializing.get("LogicalCluster", acme, "cluster"))?.status?.initializers,
      (markers) => markers?.length === 1,
    );
    expect(left).toEqual([securityMarker]);
    const patched = await setStatus(initializing, acme, { initializers: [] });
    expect(patched).toMatchObject({ status: { initializers: [] } });
    expect(await ready("acme")).toMatchObject({ status: { phase: "Ready" } });
    expect(await initializing.get("LogicalCluster", acme, "cluster")).toBeUndefined();
  });

  test("to learn what an org serves", async () => {
    const found = (await discover(direct, acme)).map(({ plural }) => plural);
    expect(found).toEqual(expect.arrayContaining(["configmaps", "namespaces", "accounts", "clusterroles"]));
  });

  test("for the issuer of an org, and for its types to know it", async () => {
    const jwt = {
      issuer: { url: "https://issuer.example", audiences: ["acme"] },
      claimMappings: { username: { claim: "email", prefix: "" } },
    };
    const issuer = {
      ...tenancy,
      kind: "WorkspaceAuthenticationConfiguration",
      metadata: { name: "acme" },
      spec: { jwt: [jwt] },
    };
    await operator.create(issuers, orgs, issuer);
    const more = { spec: { jwt: [{ ...jwt, issuer: { ...jwt.issuer, audiences: ["acme", "kubectl"] } }] } };
    const target = { cluster: orgs, name: "acme" };
    expect(await operator.mergePatch(issuers, target, more)).toMatchObject(more);
    const spec = { authenticationConfigurations: [{ name: "acme" }] };
    const type = { cluster: orgs, name: "acme-org" };
    expect(await operator.mergePatch(kinds.WorkspaceType, type, { spec })).toMatchObject({ spec });
    await operator.delete(issuers, target);
  });

  // kcp-facts V12.
  test("for its own secrets in root:orgs, and for no others", async () => {
    const secret = (name: string) => ({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name, namespace: "default" },
      stringData: { a: "b" },
    });
    const at = (name: string) => ({ cluster: orgs, name, namespace: "default" });
    await bare.admin.create(secrets, "root:orgs", secret("others"));
    const made = await operator.create(secrets, orgs, secret("ours"));
    expect(made.metadata.labels).toMatchObject({ "core.platform-mesh.io/managed-by": "account-functions" });
    expect(await operator.read(secrets, at("ours"))).toMatchObject({ data: { a: "Yg==" } });
    await operator.mergePatch(secrets, at("ours"), { stringData: { a: "c" }, metadata: { labels: null } });
    expect(await operator.read(secrets, at("ours"))).toMatchObject({ data: { a: "Yw==" } });

    const listed = (await operator.readAll<KubeObject>(secrets, { cluster: "*" })).map(({ metadata }) => metadata.name);
    expect(listed).toEqual(["ours"]);
    expect(await operator.read(secrets, at("others"))).toBeUndefined();
    await expect(operator.mergePatch(secrets, at("others"), { stringData: { a: "x" } })).rejects.toMatchObject({
      code: 404,
    });
    await expect(operator.create(secrets, orgs, secret("others"))).rejects.toMatchObject({ reason: "AlreadyExists" });
    await expect(operator.delete(secrets, at("others"))).rejects.toMatchObject({ code: 403 });
    expect(await bare.admin.read(secrets, at("others"))).toBeDefined();
    expect(await doctor("SECRETS")).toMatchObject([{ level: "OK" }]);
  });

  test("to see a workspace go, and to let it", async () => {
    await operator.delete(kinds.Workspace, { cluster: orgs, name: "acme" });
    const seen = await seenIn(terminating, acme);
    expect(seen?.metadata.deletionTimestamp).toBeDefined();
    expect(seen).toMatchObject({ spec: { owner: { cluster: orgs, name: "acme" } } });
    await setStatus(terminating, acme, { terminators: [] });
    const held = () => terminating.get("LogicalCluster", acme, "cluster");
    expect(await eventually(held, (found) => !found)).toBeUndefined();
  });
});

describe("the operator may not", () => {
  const other = (kind: "initializing" | "terminating") =>
    direct.request({
      path: `/services/${kind}workspaces/root:universal/clusters/*/apis/core.kcp.io/v1alpha1/logicalclusters`,
    });
  const refused: Readonly<Record<string, () => Promise<unknown>>> = {
    "serve the initializer of others": () => other("initializing"),
    "serve the terminator of others": () => other("terminating"),
    "read secrets past the virtual workspace": () =>
      direct.readAll(secrets, { cluster: "root:orgs", namespace: "default" }),
    "read the identity of the export": () => direct.readAll(secrets, { cluster: "root:platform-mesh-system" }),
    "change the type that holds workspaces back": () =>
      direct.mergePatch(kinds.WorkspaceType, { cluster: "root", name: "security" }, { spec: { initializer: false } }),
    "let people into root:orgs": () =>
      direct.mergePatch(
        kinds.WorkspaceType,
        { cluster: "root", name: "orgs" },
        { spec: { authenticationConfigurations: [{ name: "x" }] } },
      ),
  };
  test.each(Object.entries(refused))("%s", async (_, attempt) => {
    await expect(attempt()).rejects.toMatchObject({ code: 403 });
  });
});

describe("pm doctor", () => {
  test("is content with security that is on", async () => {
    for (const id of ["EXPORT", "BINDINGS", "RIGHTS", "LEAST", "BIND-LC", "MANIFESTS"]) {
      expect(await doctor(id), id).toMatchObject([{ level: "OK" }]);
    }
  });

  test("tells of a workspace that waits for a function that nobody runs", async () => {
    const id = await makeOrg("stuck");
    await seenIn(initializing, id);
    expect(await doctor("WST-INIT")).toMatchObject([{ level: "OK" }]);
    const later = () => Date.now() + 2 * minute;
    expect(await doctor("WST-INIT", later)).toMatchObject([
      {
        level: "FAIL",
        message: expect.stringContaining("root:orgs:stuck (initializing)"),
        fix: expect.stringContaining("pm run"),
      },
    ]);
  });

  test("tells when kcp hides the functions' secrets, and bootstrap mends it", async () => {
    const binding = await coreBindingIn("root:orgs");
    const forgotten = claimsOf(binding).map(({ defaultSelector: _, ...claim }) => claim);
    const target = { cluster: "root:orgs", name: binding?.metadata.name ?? "" };
    await bare.admin.mergePatch(kinds.APIBinding, target, { spec: { permissionClaims: forgotten } });
    expect(
      await eventually(
        () => doctor("SECRETS"),
        ([found]) => found?.level === "FAIL",
      ),
    ).toMatchObject([{ message: expect.stringContaining("cannot see their own secrets") }]);
    expect(await bare.bootstrap("--admission=none")).toMatchObject({ code: 0 });
    expect(await doctor("SECRETS")).toMatchObject([{ level: "OK" }]);
  });

  test("warns that nobody logs in to root:orgs without an issuer", async () => {
    expect(await doctor("ISSUER-ORGS")).toMatchObject([{ level: "WARN" }]);
  });
});

describe("decisions 29: --security=off", () => {
  test("is refused while workspaces wait, with their names, and changes nothing", async () => {
    const { code, err } = await bare.bootstrap("--security=off", "--admission=none");
    expect(code).toBe(1);
    expect(err).toContain("initializing: root:orgs:stuck");
    expect(err).toContain("pm bootstrap --security=off --release lets them go on");
    expect(await readSecurityType(direct.read, securityMarker)).toMatchObject({ isOn: true });
  });

  test("--release lets them go on, and takes back claims and rights", { timeout: 3 * minute }, async () => {
    const going = await makeOrg("going");
    await seenIn(initializing, going);
    await eventually(
      async () => (await initializing.get("LogicalCluster", going, "cluster"))?.status?.initializers,
      (markers) => markers?.length === 1,
    );
    await operator.delete(kinds.Workspace, { cluster: orgs, name: "going" });
    await seenIn(terminating, going);

    const { code, err, out } = await bare.bootstrap("--security=off", "--release", "--admission=none", "-o", "json");
    expect(code, err).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ differing: [] });
    expect(await ready("stuck")).toMatchObject({ status: { phase: "Ready" } });
    expect(await untilWorkspace("going", (seen) => !seen)).toBeUndefined();
    expect(await readSecurityType(direct.read, securityMarker)).toMatchObject({ isOn: false });
    for (const cluster of [orgs, (await operator.get("Workspace", orgs, "early"))?.spec?.cluster ?? ""]) {
      const claims = await eventually(
        () => claimedIn(cluster),
        (found) => !found.includes("secrets"),
        minute,
      );
      expect(claims).not.toContain("secrets");
    }
    // Its virtual workspaces remember for 5 minutes what was allowed: kcp itself is asked.
    const right = { verb: "initialize", group: "tenancy.kcp.io", resource: "workspacetypes", name: "security" };
    const review = {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SelfSubjectAccessReview",
      spec: { resourceAttributes: right },
    };
    const path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    const answer = await direct.request({ method: "POST", cluster: "root", path, body: review });
    expect(answer).toMatchObject({ status: { allowed: false } });
  });

  test("again finds nothing to do, and new orgs wait for nobody", async () => {
    const { code, out, err } = await bare.bootstrap("--security=off", "--admission=none", "-o", "json");
    expect(code, err).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ changed: [], removed: [], differing: [] });
    await makeOrg("free");
    expect(await ready("free")).toMatchObject({ status: { phase: "Ready" } });
  });

  test("kcp that does not look at issuers of workspaces is found out", async () => {
    const { code, err } = await bare.bootstrap(
      "--security=on",
      "--admission=none",
      "--welcome-issuer-url=https://localhost:1",
      "--welcome-audience=portal",
      "--wait=12s",
    );
    expect(code).toBe(1);
    expect(err).toContain("it runs without --feature-gates=WorkspaceAuthentication=true");
  });
});

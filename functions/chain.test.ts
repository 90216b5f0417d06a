import { beforeEach, describe, expect, test } from "vitest";
import { fact } from "../shared/event.ts";
import { TerminalError } from "../shared/function.ts";
import { FakeKcp, orgsCluster } from "../test/fake-kcp.ts";
import { Functions, forwarded, own, startOfTime } from "../test/run-functions.ts";
import { functions } from "./index.ts";

const acme = `${orgsCluster}/acme`;
const dev = "acme-id/dev";

describe("the chain of an account", () => {
  let kcp: FakeKcp;
  let run: Functions;
  beforeEach(() => {
    kcp = new FakeKcp();
    run = new Functions(kcp, { serverCa: "PEM" });
  });

  const status = (name: string, cluster = orgsCluster) => kcp.get("Account", cluster, name)?.status;
  const conditions = (name: string, cluster = orgsCluster) =>
    status(name, cluster)?.conditions?.map(({ type, status, reason, message }) =>
      [type, status, reason, message].join("|"),
    );

  async function readyOrg(name = "acme"): Promise<string> {
    const key = `${orgsCluster}/${name}`;
    kcp.account(name);
    await run.deliver(forwarded("Account", key, { verb: "add" }));
    kcp.typesReady(name);
    await run.deliver(forwarded("WorkspaceType", key));
    const cluster = kcp.schedule(`root:orgs:${name}`, "Ready");
    await run.deliver(forwarded("Workspace", key, { phase: "Ready" }));
    return cluster;
  }

  async function readyAccount(name: string, path: string, cluster: string): Promise<void> {
    const key = `${cluster}/${name}`;
    kcp.account(name, { type: "account" }, cluster);
    await run.deliver(forwarded("Account", key, { verb: "add" }));
    kcp.schedule(`${path}:${name}`, "Ready", cluster);
    await run.deliver(forwarded("Workspace", key, { phase: "Ready" }));
  }

  test("001-F23 adds the finalizers before anything else is created", async () => {
    kcp.account("acme");
    await run.deliver(forwarded("Account", acme, { verb: "add" }));
    expect(kcp.written()[0]).toBe("patch Account orgs-id acme");
    expect(kcp.get("Account", orgsCluster, "acme")?.metadata.finalizers).toEqual([
      "workspacetype.core.platform-mesh.io/finalizer",
      "account.core.platform-mesh.io/finalizer",
    ]);
  });

  test("001-F24 makes an org's two WorkspaceTypes and waits for them", async () => {
    kcp.account("acme");
    run.now += 2_000;
    const outcome = await run.invoke("create-workspace", forwarded("Account", acme, { verb: "add" }));
    expect(outcome).toMatchObject({
      kind: "waiting",
      reason: "Workspace type not ready yet",
      ref: { name: "acme-org" },
    });
    expect(kcp.get("WorkspaceType", orgsCluster, "acme-org")).toMatchObject({
      metadata: { labels: { "core.platform-mesh.io/org": "acme" } },
      spec: {
        extend: { with: [{ name: "org", path: "root" }] },
        defaultChildWorkspaceType: { name: "acme-account", path: "root:orgs" },
        limitAllowedParents: { types: [{ name: "orgs", path: "root" }] },
        limitAllowedChildren: { types: [{ name: "acme-account", path: "root:orgs" }] },
      },
    });
    expect(kcp.get("WorkspaceType", orgsCluster, "acme-account")?.spec).toMatchObject({
      extend: { with: [{ name: "account", path: "root" }] },
      limitAllowedParents: {
        types: [
          { name: "acme-org", path: "root:orgs" },
          { name: "acme-account", path: "root:orgs" },
        ],
      },
    });
    expect(conditions("acme")).toEqual([
      "WorkspaceTypeSubroutine|True|Complete|",
      "WorkspaceSubroutine|False|Stopped|Workspace type not ready yet",
      "ManageAccountInfoSubroutine|Unknown|Unknown|awaiting first reconciliation for ManageAccountInfoSubroutine",
      "SecuritySubroutine|True|Skipped|security is off",
      "WorkspaceReadySubroutine|Unknown|Unknown|awaiting first reconciliation for WorkspaceReadySubroutine",
      "Ready|False|Stopped|one or more subroutines stopped the chain",
    ]);
    expect(status("acme")?.phase).toBe("Provisioning");
  });

  test("002-F55 writes lineage for an org and 002-F57 for an account below it", async () => {
    await readyOrg();
    await readyAccount("dev", "root:orgs:acme", "acme-id");
    const org = {
      name: "acme",
      generatedClusterId: "acme-id",
      originClusterId: orgsCluster,
      path: "root:orgs:acme",
      url: "https://kcp.example/clusters/root:orgs:acme",
      type: "org",
    };
    expect(kcp.get("AccountInfo", "acme-id", "account")).toMatchObject({
      metadata: { finalizers: ["account.core.platform-mesh.io/info"] },
    });
    expect(kcp.get("AccountInfo", "acme-id", "account")?.spec).toEqual({
      account: org,
      organization: org,
      clusterInfo: { ca: "PEM" },
      fga: { store: { id: "" } },
    });
    expect(kcp.get("AccountInfo", "dev-id", "account")?.spec).toEqual({
      account: {
        name: "dev",
        generatedClusterId: "dev-id",
        originClusterId: "acme-id",
        path: "root:orgs:acme:dev",
        url: "https://kcp.example/clusters/root:orgs:acme:dev",
        type: "account",
      },
      parentAccount: org,
      organization: org,
      clusterInfo: { ca: "PEM" },
      fga: { store: { id: "" } },
    });
    expect(kcp.workspace("dev", "acme-id")).toMatchObject({
      metadata: { ownerReferences: [{ kind: "Account", name: "dev" }] },
      spec: { type: { name: "acme-account", path: "root:orgs" } },
    });
  });

  test("001-F28 is Ready when every step is, and stays silent from then on", async () => {
    await readyOrg();
    expect(conditions("acme")).toEqual([
      "WorkspaceTypeSubroutine|True|Complete|",
      "WorkspaceSubroutine|True|Complete|",
      "ManageAccountInfoSubroutine|True|Complete|",
      "SecuritySubroutine|True|Skipped|security is off",
      "WorkspaceReadySubroutine|True|Complete|",
      "Ready|True|Complete|all subroutines completed successfully",
    ]);
    expect(status("acme")).toMatchObject({ phase: "Ready", observedGeneration: 1 });
    kcp.written();
    const all = ["Account", "Workspace", "WorkspaceType", "AccountInfo", "LogicalCluster", "APIBinding"];
    for (const kind of all) {
      for (const phase of ["Initializing", "Ready", "Bound"]) await run.deliver(forwarded(kind, acme, { phase }));
    }
    await run.deliver(own(fact.resyncDue, acme));
    expect(kcp.written()).toEqual([]);
  });

  test("write budget: an account costs at most 6 writes, an org 8", async () => {
    await readyOrg();
    expect(kcp.written().length).toBeLessThanOrEqual(8);
    await readyAccount("dev", "root:orgs:acme", "acme-id");
    expect(kcp.written().length).toBeLessThanOrEqual(6);
  });

  test("002-F31 waits for the AccountInfo of the parent and is woken by it", async () => {
    kcp.cluster("acme-id", "root:orgs:acme");
    kcp.account("dev", { type: "account" }, "acme-id");
    await run.deliver(forwarded("Account", dev, { verb: "add" }));
    expect(conditions("dev", "acme-id")).toContain("WorkspaceSubroutine|False|Stopped|AccountInfo not found yet");
    await readyOrg();
    const facts = await run.deliver(forwarded("AccountInfo", acme, { verb: "add", cluster: "acme-id" }));
    expect(facts).toContain("parent-info-changed");
    expect(kcp.workspace("dev", "acme-id")).toBeDefined();
  });

  test("002-F32 waits while kcp answers that the new workspace is not usable yet", async () => {
    const { ApiError } = await import("../shared/kcp/client.ts");
    await readyOrg();
    kcp.account("dev", { type: "account" }, "acme-id");
    await run.deliver(forwarded("Account", dev, { verb: "add" }));
    kcp.schedule("root:orgs:acme:dev", "Initializing", "acme-id");
    kcp.failures.set("create AccountInfo", new ApiError("access denied", { code: 403, reason: "Forbidden" }));
    await run.deliver(forwarded("Workspace", dev, { phase: "Initializing" }));
    expect(conditions("dev", "acme-id")).toContain("ManageAccountInfoSubroutine|False|Stopped|Workspace not ready yet");
    await run.deliver(forwarded("APIBinding", dev, { phase: "Bound" }));
    expect(kcp.get("AccountInfo", "dev-id", "account")).toBeDefined();
    expect(conditions("dev", "acme-id")).toContain("WorkspaceReadySubroutine|False|Stopped|Workspace not ready yet");
  });

  test.each([
    ["an unknown type", "trial", "org", orgsCluster, /type "trial" is not allowed/],
    ["a name that can start no workspace type", "1abc", "org", orgsCluster, /must start with a letter/],
    ["a name with dots", "a.b", "org", orgsCluster, /cannot become a workspace/],
    ["a short org name", "ab", "org", orgsCluster, /at least 3 characters/],
    ["a long org name", "a".repeat(56), "org", orgsCluster, /at most 55 characters/],
    ["a denied org name", "admin", "org", orgsCluster, /is reserved/],
    ["an org inside an org", "inner", "org", "acme-id", /an org lives in root:orgs/],
    ["an account directly in root:orgs", "stray", "account", orgsCluster, /an account lives inside an org/],
  ])(
    "002-F23 refuses %s with a clear condition and writes nothing else",
    async (what, name, type, cluster, message) => {
      kcp.cluster("acme-id", "root:orgs:acme");
      run = new Functions(kcp, { deniedOrgNames: ["admin"] });
      const spec = what === "an unknown type" ? { type: "trial" } : { type };
      kcp.account(what === "an unknown type" ? "fine" : name, spec, cluster);
      const key = `${cluster}/${what === "an unknown type" ? "fine" : name}`;
      const outcome = await run.invoke("create-workspace", forwarded("Account", key, { verb: "add" }));
      expect(outcome.kind).toBe("drop");
      expect(outcome.events.map(({ type }) => type)).toEqual([fact.failed]);
      const account = kcp.get("Account", cluster, key.split("/")[1] ?? "");
      expect(account?.status?.phase).toBe("Failed");
      expect(account?.status?.conditions?.find(({ reason }) => reason === "Error")?.message).toMatch(message);
      expect(kcp.written().map((write) => write.split(" ").slice(0, 2).join(" "))).toEqual([
        "status Account",
        "create Event",
      ]);
      await run.deliver(forwarded("Account", key));
      expect(kcp.written()).toEqual([]);
    },
  );

  test("a Workspace that somebody else made is left alone until it may be adopted", async () => {
    kcp.account("acme");
    kcp.put("Workspace", orgsCluster, { metadata: { name: "acme" }, spec: {} } as never);
    kcp.schedule("root:orgs:acme", "Ready");
    await run.deliver(forwarded("Account", acme, { verb: "add" }));
    for (const phase of ["Initializing", "Ready"]) await run.deliver(forwarded("Workspace", acme, { phase }));
    await run.deliver(own(fact.resyncDue, acme));
    expect(kcp.get("AccountInfo", "acme-id", "account")).toBeUndefined();
    expect(conditions("acme")?.[1]).toMatch(
      /^WorkspaceSubroutine\|False\|Error\|Workspace "acme" exists and was not made/,
    );
    kcp.change("Workspace", orgsCluster, "acme", {
      metadata: { annotations: { "account-functions.platform-mesh.io/adopt": "true" } },
    });
    await run.deliver(forwarded("Account", acme));
    expect(kcp.workspace("acme")?.metadata.ownerReferences).toMatchObject([{ kind: "Account", name: "acme" }]);
  });

  test("002-F63 makes a Workspace anew that was deleted by hand, and says so", async () => {
    await readyOrg();
    kcp.written();
    kcp.delete(`Workspace ${orgsCluster} acme`);
    kcp.delete("AccountInfo acme-id account");
    const facts = await run.deliver(forwarded("Workspace", acme, { verb: "delete" }));
    expect(facts).toContain("repaired");
    expect(kcp.written()).toEqual(expect.arrayContaining(["create Workspace orgs-id acme"]));
    expect(status("acme")?.phase).toBe("Updating");
    expect(conditions("acme")).toContain("Ready|False|Stopped|one or more subroutines stopped the chain");
  });

  test("restores an edited WorkspaceType but leaves fields of others in it", async () => {
    await readyOrg();
    const spec = { limitAllowedChildren: { types: [] }, authenticationConfigurations: [{ name: "acme" }] };
    kcp.change("WorkspaceType", orgsCluster, "acme-org", { spec });
    await run.deliver(forwarded("WorkspaceType", acme));
    expect(kcp.get("WorkspaceType", orgsCluster, "acme-org")?.spec).toMatchObject({
      limitAllowedChildren: { types: [{ name: "acme-account" }] },
      authenticationConfigurations: [{ name: "acme" }],
    });
  });

  test("restores an AccountInfo deleted by hand with the fga and oidc it had", async () => {
    await readyOrg();
    const kept = { fga: { store: { id: "01J" } }, oidc: { issuerUrl: "https://idp.example", clients: {} } };
    kcp.change("AccountInfo", "acme-id", "account", { spec: kept });
    kcp.delete("AccountInfo acme-id account");
    const deleted = forwarded("AccountInfo", acme, { cluster: "acme-id", deleting: true });
    const facts = await run.deliver(deleted);
    expect(facts).toEqual(expect.arrayContaining(["info-deleted", "repaired"]));
    const info = kcp.get("AccountInfo", "acme-id", "account");
    expect(info?.metadata.deletionTimestamp).toBeUndefined();
    expect(info?.spec).toMatchObject(kept);
    expect(conditions("acme")).toContain("Ready|True|Complete|all subroutines completed successfully");
  });

  test("002-F59 gives fga and oidc back that another event, first after a crash, did not know", async () => {
    await readyOrg();
    const kept = { fga: { store: { id: "01J" } }, oidc: { issuerUrl: "https://idp.example", clients: {} } };
    const time = new Date(startOfTime).toISOString();
    kcp.objects.delete("AccountInfo acme-id account");
    await run.deliver(forwarded("Workspace", acme, { phase: "Ready" }));
    expect(kcp.get("AccountInfo", "acme-id", "account")?.spec.fga.store.id).toBe("");
    const late = { ...own(fact.infoDeleted, acme, kept), time };
    await run.deliver(late);
    expect(kcp.get("AccountInfo", "acme-id", "account")?.spec).toMatchObject(kept);
    kcp.written();
    await run.deliver(late);
    expect(kcp.written()).toEqual([]);
  });

  test("002-F59 a late word of an AccountInfo does not touch the security of one made before it", async () => {
    await readyOrg();
    const kept = { fga: { store: { id: "01J" } } };
    const time = new Date(startOfTime + 60_000).toISOString();
    kcp.written();
    await run.deliver({ ...own(fact.infoDeleted, acme, kept), time });
    expect(kcp.written()).toEqual([]);
  });

  test("waits for finalizers of others on an AccountInfo deleted by hand, and names them", async () => {
    await readyOrg();
    const finalizers = ["account.core.platform-mesh.io/info", "security.platform-mesh.io/accountinfo-finalizer"];
    kcp.change("AccountInfo", "acme-id", "account", { metadata: { finalizers } });
    kcp.delete("AccountInfo acme-id account");
    await run.deliver(forwarded("AccountInfo", acme, { cluster: "acme-id", deleting: true }));
    expect(conditions("acme")?.[2]).toMatch(/held by security\.platform-mesh\.io\/accountinfo-finalizer/);
    const last = kcp.get("AccountInfo", "acme-id", "account");
    kcp.objects.delete("AccountInfo acme-id account");
    await run.deliver(forwarded("AccountInfo", acme, { verb: "delete", cluster: "acme-id", data: last }));
    expect(conditions("acme")).toContain("ManageAccountInfoSubroutine|True|Complete|");
  });

  test("002-F60 a change of the parent's AccountInfo reaches every descendant", async () => {
    await readyOrg();
    await readyAccount("dev", "root:orgs:acme", "acme-id");
    await readyAccount("leaf", "root:orgs:acme:dev", "dev-id");
    const oidc = { issuerUrl: "https://idp.example/realms/acme", clients: { portal: { clientId: "p" } } };
    kcp.change("AccountInfo", "acme-id", "account", { spec: { oidc, fga: { store: { id: "01J" } } } });
    await run.deliver(forwarded("AccountInfo", acme, { cluster: "acme-id" }));
    await run.deliver(forwarded("AccountInfo", dev, { cluster: "dev-id" }));
    for (const cluster of ["dev-id", "leaf-id"]) {
      expect(kcp.get("AccountInfo", cluster, "account")?.spec).toMatchObject({ oidc, fga: { store: { id: "01J" } } });
    }
    expect(conditions("leaf", "dev-id")).toContain("Ready|True|Complete|all subroutines completed successfully");
  });

  test("takes away what somebody added to an account's AccountInfo", async () => {
    await readyOrg();
    await readyAccount("dev", "root:orgs:acme", "acme-id");
    kcp.change("AccountInfo", "dev-id", "account", { spec: { oidc: { issuerUrl: "https://evil.example" } } });
    await run.deliver(forwarded("AccountInfo", dev, { cluster: "dev-id" }));
    expect(kcp.get("AccountInfo", "dev-id", "account")?.spec.oidc).toBeUndefined();
  });

  test("adoption: what the reference left costs one status write and changes no time, finalizer or lineage", async () => {
    await readyOrg();
    const old = "2025-01-01T00:00:00Z";
    const reference = [
      "WorkspaceTypeSubroutine",
      "WorkspaceSubroutine",
      "ManageAccountInfoSubroutine",
      "WorkspaceReadySubroutine",
    ]
      .map((type) => ({
        type,
        status: "True",
        reason: "Complete",
        message: "ok",
        lastTransitionTime: old,
        observedGeneration: 1,
      }))
      .concat({
        type: "Ready",
        status: "True",
        reason: "Complete",
        message: "all subroutines completed successfully",
        lastTransitionTime: old,
        observedGeneration: 1,
      });
    kcp.change("Account", orgsCluster, "acme", { status: null });
    kcp.change("Account", orgsCluster, "acme", { status: { conditions: reference } });
    kcp.written();
    await run.deliver(forwarded("Account", acme, { verb: "add" }));
    await run.deliver(own(fact.resyncDue, acme));
    expect(kcp.written()).toEqual(["status Account orgs-id acme"]);
    expect(status("acme")?.conditions?.slice(0, 5)).toEqual(reference);
    expect(status("acme")?.phase).toBe("Ready");
  });

  test("002-F31 an account that waits for its WorkspaceType is woken when that is back, at any depth", async () => {
    await readyOrg();
    await readyAccount("dev", "root:orgs:acme", "acme-id");
    kcp.objects.delete(`WorkspaceType ${orgsCluster} acme-account`);
    for (const [name, cluster] of [
      ["late", "acme-id"],
      ["leaf", "dev-id"],
    ] as const) {
      kcp.account(name, { type: "account" }, cluster);
      await run.deliver(forwarded("Account", `${cluster}/${name}`, { verb: "add" }));
      expect(conditions(name, cluster)).toContain("WorkspaceSubroutine|False|Stopped|Workspace type not ready yet");
    }
    await run.deliver(forwarded("WorkspaceType", acme, { verb: "delete" }));
    kcp.typesReady("acme");
    await run.deliver({ ...forwarded("WorkspaceType", acme), name: "acme-account" });
    expect(kcp.workspace("late", "acme-id")).toBeDefined();
    expect(kcp.workspace("leaf", "dev-id")).toBeDefined();
  });

  test("refresh label forces a pass and is taken away", async () => {
    await readyOrg();
    kcp.change("Account", orgsCluster, "acme", {
      metadata: { labels: { "platform-mesh.io/refresh-reconcile": "true" } },
    });
    kcp.written();
    await run.deliver(forwarded("Account", acme));
    expect(kcp.written()).toEqual(["patch Account orgs-id acme"]);
    expect(kcp.get("Account", orgsCluster, "acme")?.metadata.labels).toEqual({});
  });

  test("looks only at accounts with its debug label", async () => {
    run = new Functions(kcp, { debugLabelValue: "mine" });
    kcp.account("acme");
    await run.deliver(forwarded("Account", acme, { verb: "add" }));
    expect(kcp.written()).toEqual([]);
  });

  test("002-F44 a step that is switched off is neither done nor shown", async () => {
    run = new Functions(kcp, { disabledSteps: new Set(["WorkspaceReadySubroutine"]) });
    await readyOrg();
    expect(conditions("acme")?.some((line) => line.startsWith("WorkspaceReady"))).toBe(false);
    expect(conditions("acme")).toContain("Ready|True|Complete|all subroutines completed successfully");
  });

  test("a wait of more than a minute is told once a look as a Kubernetes Event", async () => {
    kcp.account("acme");
    await run.deliver(forwarded("Account", acme, { verb: "add" }));
    kcp.written();
    run.now += 61_000;
    await run.deliver(own(fact.resyncDue, acme));
    expect(kcp.written().filter((write) => write.startsWith("create Event"))).toHaveLength(1);
  });

  test("a wait that the timer finds too young is looked at again when it is a long one", async () => {
    kcp.account("acme");
    await run.deliver(forwarded("Account", acme, { verb: "add" }));
    kcp.written();
    run.now += 40_000;
    const outcome = await run.invoke("create-workspace", own(fact.resyncDue, acme));
    expect(outcome).toMatchObject({ kind: "requeue", ms: 20_000 });
    expect(kcp.written()).toEqual([]);
  });

  test("what the server calls invalid is shown at once and never tried again", async () => {
    await readyOrg();
    kcp.account("dev", { type: "account" }, "acme-id");
    const { ApiError } = await import("../shared/kcp/client.ts");
    kcp.failures.set("create Workspace", new ApiError("spec.type: bad", { code: 422, reason: "Invalid" }));
    const invoked = run.invoke("create-workspace", forwarded("Account", dev, { verb: "add" }));
    await expect(invoked).rejects.toThrow(TerminalError);
    expect(conditions("dev", "acme-id")).toContain("WorkspaceSubroutine|False|Error|spec.type: bad");
  });

  test("a repair is told also when the status was changed by somebody else meanwhile", async () => {
    await readyOrg();
    const { ApiError } = await import("../shared/kcp/client.ts");
    kcp.delete(`Workspace ${orgsCluster} acme`);
    kcp.failures.set("status Account", new ApiError("changed", { code: 409, reason: "Conflict" }));
    const facts = await run.deliver(forwarded("Workspace", acme, { verb: "delete" }));
    expect(facts).toContain("repaired");
    expect(status("acme")?.phase).toBe("Updating");
    expect(kcp.written().filter((write) => write.startsWith("create Event"))).toHaveLength(1);
  });

  test("decides again when the object changed under its hands", async () => {
    kcp.account("acme");
    const { ApiError } = await import("../shared/kcp/client.ts");
    kcp.failures.set("patch Account", new ApiError("changed", { code: 409, reason: "Conflict" }));
    await run.deliver(forwarded("Account", acme, { verb: "add" }));
    expect(kcp.get("WorkspaceType", orgsCluster, "acme-org")).toBeDefined();
  });

  test("an error is shown on its step from the third attempt on, and thrown each time", async () => {
    await readyOrg();
    kcp.account("dev", { type: "account" }, "acme-id");
    const { ApiError } = await import("../shared/kcp/client.ts");
    const event = forwarded("Account", dev, { verb: "add" });
    for (const attempt of [1, 3]) {
      kcp.failures.set("create Workspace", new ApiError("etcd is down", { code: 500, reason: "InternalError" }));
      await expect(run.invoke("create-workspace", event, attempt)).rejects.toThrow("etcd is down");
      const shown = conditions("dev", "acme-id")?.includes("WorkspaceSubroutine|False|Error|etcd is down") ?? false;
      expect(shown).toBe(attempt === 3);
    }
    await run.deliver(event);
    expect(conditions("dev", "acme-id")?.join()).not.toContain("Error");
  });

  describe("deletion", () => {
    const remove = (name: string, cluster = orgsCluster) => {
      kcp.delete(`Account ${cluster} ${name}`);
      return run.deliver(forwarded("Account", `${cluster}/${name}`, { deleting: true }));
    };

    test("002-F64 goes in reverse order and leaves nothing", async () => {
      await readyOrg();
      kcp.change("Workspace", orgsCluster, "acme", { metadata: { finalizers: ["core.kcp.io/logicalcluster"] } });
      await remove("acme");
      expect(conditions("acme")).toContain("WorkspaceSubroutineFinalize|False|Stopped|Waiting for Workspace deletion");
      expect(status("acme")?.phase).toBe("Deleting");
      expect(kcp.get("WorkspaceType", orgsCluster, "acme-org")).toBeDefined();
      kcp.objects.delete(`Workspace ${orgsCluster} acme`);
      await run.deliver(forwarded("Workspace", acme, { verb: "delete" }));
      expect(kcp.get("Account", orgsCluster, "acme")).toBeUndefined();
      expect(kcp.get("WorkspaceType", orgsCluster, "acme-org")).toBeUndefined();
      expect(kcp.get("WorkspaceType", orgsCluster, "acme-account")).toBeUndefined();
    });

    test("002-F36 waits for an org's WorkspaceTypes once its Workspace is gone", async () => {
      await readyOrg();
      kcp.change("Workspace", orgsCluster, "acme", { metadata: { finalizers: ["kcp"] } });
      await remove("acme");
      kcp.change("WorkspaceType", orgsCluster, "acme-org", { metadata: { finalizers: ["somebody"] } });
      kcp.objects.delete(`Workspace ${orgsCluster} acme`);
      await run.deliver(forwarded("Workspace", acme, { verb: "delete" }));
      expect(conditions("acme")).toEqual(
        expect.arrayContaining([
          "WorkspaceSubroutineFinalize|True|Complete|",
          "WorkspaceTypeSubroutineFinalize|False|Stopped|Waiting for WorkspaceType deletion",
        ]),
      );
      kcp.objects.delete(`WorkspaceType ${orgsCluster} acme-org`);
      await run.deliver(forwarded("WorkspaceType", acme, { verb: "delete" }));
      expect(kcp.get("Account", orgsCluster, "acme")).toBeUndefined();
    });

    test("before the Workspace existed it ends at once", async () => {
      kcp.account("acme");
      await run.deliver(forwarded("Account", acme, { verb: "add" }));
      await remove("acme");
      expect(kcp.get("Account", orgsCluster, "acme")).toBeUndefined();
    });

    test("somebody else's Workspace of that name stays", async () => {
      kcp.account("acme");
      kcp.put("Workspace", orgsCluster, { metadata: { name: "acme" }, spec: {} } as never);
      await run.deliver(forwarded("Account", acme, { verb: "add" }));
      await remove("acme");
      expect(kcp.workspace("acme")).toBeDefined();
      expect(kcp.get("Account", orgsCluster, "acme")).toBeUndefined();
    });

    test("looks at the server before it takes a Workspace for gone", async () => {
      await readyOrg();
      kcp.change("Workspace", orgsCluster, "acme", { metadata: { finalizers: ["kcp"] } });
      kcp.hide(`Workspace ${orgsCluster} acme`);
      await remove("acme");
      expect(conditions("acme")).toContain("WorkspaceSubroutineFinalize|False|Stopped|Waiting for Workspace deletion");
    });

    test("the resync nudges a Workspace whose content is gone, and no other", async () => {
      await readyOrg();
      kcp.change("Workspace", orgsCluster, "acme", {
        metadata: { deletionTimestamp: "2026-01-01T00:00:00Z", finalizers: ["kcp"] },
      });
      kcp.written();
      await run.invoke("nudge-workspace", own(fact.resyncDue, acme));
      expect(kcp.written()).toEqual([]);
      kcp.objects.delete("LogicalCluster acme-id cluster");
      await run.invoke("nudge-workspace", own(fact.resyncDue, acme));
      expect(kcp.written()).toEqual([`patch Workspace ${orgsCluster} acme`]);
    });

    test("002-F54 AccountInfo holds the workspace while an Account lives in it", async () => {
      await readyOrg();
      await readyAccount("dev", "root:orgs:acme", "acme-id");
      kcp.change("Workspace", orgsCluster, "acme", {
        metadata: { deletionTimestamp: "2026-01-01T00:00:00Z", finalizers: ["kcp"] },
      });
      kcp.delete("AccountInfo acme-id account");
      const gate = forwarded("AccountInfo", acme, { cluster: "acme-id", deleting: true });
      expect(await run.invoke("release-accountinfo", gate)).toMatchObject({
        kind: "waiting",
        reason: "Accounts still exist",
      });
      kcp.objects.delete("Account acme-id dev");
      await run.deliver(forwarded("Account", dev, { verb: "delete", cluster: "acme-id" }));
      expect(kcp.get("AccountInfo", "acme-id", "account")).toBeUndefined();
    });

    test("nudges kcp at growing intervals until the Workspace is gone", async () => {
      await readyOrg();
      kcp.change("Workspace", orgsCluster, "acme", {
        metadata: { deletionTimestamp: "2026-01-01T00:00:00Z", finalizers: ["kcp"] },
      });
      kcp.written();
      const time = new Date(run.now).toISOString();
      const event = { ...forwarded("LogicalCluster", acme, { verb: "delete", cluster: "acme-id" }), time };
      const waits: number[] = [];
      for (let outcome = await run.invoke("nudge-workspace", event); outcome.kind === "requeue"; ) {
        waits.push(outcome.ms);
        run.now += outcome.ms;
        outcome = await run.invoke("nudge-workspace", event);
      }
      expect(waits.slice(0, 4)).toEqual([500, 500, 1000, 2000]);
      expect(kcp.written()).toHaveLength(waits.length);
      kcp.objects.delete(`Workspace ${orgsCluster} acme`);
      expect(await run.invoke("nudge-workspace", event)).toMatchObject({ kind: "drop" });
    });
  });

  test("no function emits what can come back to it without a change of an object", () => {
    const emits: Record<string, readonly string[]> = {
      "create-workspace": [fact.workspaceCreated, fact.repaired],
      "manage-accountinfo": [fact.infoReady, fact.repaired],
      "workspace-ready": [fact.ready],
      "release-accountinfo": [fact.infoDeleted],
      "relay-lineage": [fact.deleted, fact.childDeleted, fact.parentInfoChanged, fact.workspaceTypeChanged],
    };
    const reaches = (type: string, seen: readonly string[]): void => {
      expect(seen).not.toContain(type);
      for (const { name, on } of functions) {
        if (!on.some((filter) => filter.type === type)) continue;
        for (const next of emits[name] ?? []) reaches(next, [...seen, type]);
      }
    };
    for (const type of new Set(Object.values(emits).flat())) reaches(type, []);
  });
});

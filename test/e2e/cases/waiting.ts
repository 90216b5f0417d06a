import { beforeAll, describe, expect, test } from "vitest";
import { kinds } from "../../../shared/kcp/kinds.ts";
import type { Account, AccountInfo, LogicalCluster, Workspace, WorkspaceType } from "../../../shared/kcp/objects.ts";
import { readyStatus, stoppedAt } from "../expected.ts";
import type { Mesh } from "../mesh.ts";
import { orgs, type Person } from "../person.ts";

/** A workspace that nobody's Account made: the places where accounts wait for what is not there. */
export async function bareWorkspace(
  { person }: Mesh,
  { parent, name, type }: { parent: string; name: string; type: { name: string; path: string } },
): Promise<string> {
  await person.client.create<Workspace>(kinds.Workspace, parent, {
    apiVersion: "tenancy.kcp.io/v1alpha1",
    kind: "Workspace",
    metadata: { name },
    spec: { type },
  });
  await person.until(30_000, async () => {
    const { status } = await person.see("Workspace", parent, name);
    expect(status?.phase).toBe("Ready");
  });
  return `${parent}:${name}`;
}

export function waitingCases(mesh: () => Mesh): void {
  describe("what an account waits for", () => {
    let home = "";
    const status = async (): Promise<Account["status"]> => (await mesh().person.account(home, "patient")).status;
    const waits = (type: string, message: string) =>
      expect.poll(status, { timeout: 15_000, interval: 100 }).toEqual({
        phase: "Provisioning",
        observedGeneration: 1,
        conditions: stoppedAt(type, { reason: "Stopped", message }),
      });

    beforeAll(async () => {
      home = await bareWorkspace(mesh(), { parent: orgs, name: "bare", type: { name: "org", path: "root" } });
    });

    // Each test goes on where the one before ended: one account passes through every wait.
    test("002-F31 waits for the AccountInfo of its parent, and says so", async () => {
      await mesh().person.apply(home, "patient");
      await waits("WorkspaceSubroutine", "AccountInfo not found yet");
    });

    test("002-F31 waits for the name of the organization in it", async () => {
      await mesh().person.client.create<AccountInfo>(kinds.AccountInfo, home, await infoOf(mesh().person, home, ""));
      await waits("WorkspaceSubroutine", "AccountInfo organization name not set yet");
    });

    test("002-F31 waits for its WorkspaceType, woken by the AccountInfo", async () => {
      const { spec } = await infoOf(mesh().person, home, "bare");
      await mesh().person.edit("AccountInfo", home, "account", { spec });
      await waits("WorkspaceSubroutine", "Workspace type not ready yet");
    });

    test("002-F32 F33 writes AccountInfo while an initializer holds the workspace, and waits for it", async () => {
      await mesh().person.client.create<WorkspaceType>(kinds.WorkspaceType, orgs, heldType);
      await waits("WorkspaceReadySubroutine", "Workspace not ready yet");
      const workspace = await mesh().person.see("Workspace", home, "patient");
      const initializers = expect.arrayContaining([expect.stringMatching(/:bare-account$/)]);
      expect(workspace.status).toMatchObject({ phase: "Initializing", initializers });
    });

    test("002-F43 is Ready once the initializer is done", async () => {
      await mesh().person.until(5000, () => endInitializer(mesh().person, { home, name: "patient" }));
      await mesh().person.ready(home, "patient", 15_000);
      expect(await status()).toEqual(readyStatus());
    });
  });

  describe.concurrent("what can never become a workspace", () => {
    const org = "root:orgs:strict";
    const long = "a".repeat(56);
    beforeAll(async () => {
      await mesh().person.has(orgs, "strict");
    });

    test.each([
      [
        "001-F03 a type that is not allowed",
        org,
        "odd",
        "trial",
        /account type "trial" is not allowed: use one of org, account, partner$/,
      ],
      [
        "002-F23 an org inside an org",
        org,
        "inner",
        "org",
        /an org lives in root:orgs, this one was created in root:orgs:strict/,
      ],
      [
        "002-F23 an account outside of any org",
        orgs,
        "lost",
        "account",
        /an account lives inside an org, .* created in root:orgs:/,
      ],
      ["002-F23 an account name with a dot", org, "a.b", "account", /name "a.b" cannot become a workspace/],
      ["002-F23 an account name of 64 characters", org, "a".repeat(64), "account", /use 1 to 63 lower-case letters/],
      ["002-F23 an org name that starts with a digit", orgs, "1abc", "org", /"1abc" .* must start with a letter/],
      ["002-F20 an org name of two characters", orgs, "ab", "org", /"ab" is too short: use at least 3/],
      ["002-F23 an org name of 56 characters", orgs, long, "org", /is too long: use at most 55/],
      ["002-F20 an org name on the deny list", orgs, "forbidden-name", "org", /"forbidden-name" is reserved/],
      ["002-F20 an org name that the mesh needs itself", orgs, "welcome", "org", /"welcome" is reserved/],
    ])("%s is refused once, with what to do", async (_, workspace, name, type, message) => {
      const { person } = mesh();
      await person.apply(workspace, name, { type });
      const step = type === "org" ? "WorkspaceTypeSubroutine" : "WorkspaceSubroutine";
      const conditions = stoppedAt(step, { reason: "Error", message: expect.stringMatching(message) });
      const { metadata } = await person.until(10_000, async () => {
        const account = await person.account(workspace, name);
        expect(account.status).toEqual({ phase: "Failed", observedGeneration: 1, conditions });
        return account;
      });
      expect(metadata.finalizers).toBeUndefined();
      expect(await person.client.get("Workspace", workspace, name)).toBeUndefined();
      await person.delete("Account", workspace, name);
      await person.gone("Account", workspace, name, 2000);
    });
  });

  describe("a Workspace that somebody else made", () => {
    const org = "root:orgs:shared";
    const foreign = { parent: org, type: { name: "shared-account", path: "root:orgs" } };
    const refused = {
      reason: "Error",
      message: expect.stringMatching(/^Workspace "\w+" exists and was not made for this Account/),
    };
    beforeAll(async () => {
      await mesh().person.has(orgs, "shared");
      for (const name of ["taken", "kept"]) await bareWorkspace(mesh(), { ...foreign, name });
    });

    test("002-F31 is not taken over silently", async () => {
      await mesh().person.apply(org, "taken");
      await expect
        .poll(async () => (await mesh().person.account(org, "taken")).status, { timeout: 10_000 })
        .toMatchObject({ phase: "Failed", conditions: stoppedAt("WorkspaceSubroutine", refused) });
    });

    test("002-F31 is taken over once it allows so by annotation", async () => {
      const { person } = mesh();
      const { metadata } = await person.account(org, "taken");
      await person.edit("Workspace", org, "taken", {
        metadata: { annotations: { "account-functions.platform-mesh.io/adopt": "true" } },
      });
      await person.ready(org, "taken");
      const workspace = await person.see("Workspace", org, "taken");
      expect(workspace.metadata.ownerReferences).toMatchObject([{ kind: "Account", name: "taken", uid: metadata.uid }]);
      expect((await person.see("AccountInfo", `${org}:taken`, "account")).spec.account.name).toBe("taken");
    });

    test("002-F36 outlives an Account that never owned it", async () => {
      const { person } = mesh();
      await person.apply(org, "kept");
      await expect.poll(async () => (await person.account(org, "kept")).status?.phase).toBe("Failed");
      await person.delete("Account", org, "kept");
      await person.gone("Account", org, "kept", 5000);
      expect((await person.see("Workspace", org, "kept")).metadata.deletionTimestamp).toBeUndefined();
    });
  });
}

const heldType = {
  apiVersion: "tenancy.kcp.io/v1alpha1",
  kind: "WorkspaceType",
  metadata: { name: "bare-account", labels: { "core.platform-mesh.io/org": "bare" } },
  spec: { initializer: true, extend: { with: [{ name: "account", path: "root" }] } },
};

async function infoOf(person: Person, home: string, organization: string) {
  const [cluster, origin] = await Promise.all([clusterOf(person, home), clusterOf(person, orgs)]);
  const url = `${cluster.status?.URL}`;
  const own = {
    name: "bare",
    generatedClusterId: idOf(cluster),
    originClusterId: idOf(origin),
    path: home,
    url,
    type: "org",
  };
  return {
    apiVersion: "core.platform-mesh.io/v1alpha1",
    kind: "AccountInfo",
    metadata: { name: "account" },
    spec: {
      account: own,
      organization: { ...own, name: organization },
      clusterInfo: { ca: person.serverCa },
      fga: { store: { id: "store" } },
    },
  };
}

/** What the controller that serves the initializer would do; kcp's own may still be at work. */
async function endInitializer(person: Person, { home, name }: { home: string; name: string }): Promise<void> {
  const { spec } = await person.see("Workspace", home, name);
  const served = await person.see("WorkspaceType", orgs, heldType.metadata.name);
  const status = served.status as { virtualWorkspaces?: readonly { url: string; type: string }[] };
  const { url } = status.virtualWorkspaces?.find(({ type }) => type === "initializing") ?? {};
  const path = `${new URL(url ?? "").pathname}/clusters/${spec?.cluster}/apis/core.kcp.io/v1alpha1/logicalclusters/cluster`;
  const held = await person.client.request<LogicalCluster>({ path });
  const { initializers = [] } = held.status as { initializers?: readonly string[] };
  await person.client.request({
    method: "PATCH",
    path: `${path}/status`,
    contentType: "application/merge-patch+json",
    body: {
      metadata: { resourceVersion: held.metadata.resourceVersion },
      status: { initializers: initializers.filter((each) => !each.endsWith(`:${heldType.metadata.name}`)) },
    },
  });
}

const clusterOf = (person: Person, path: string): Promise<LogicalCluster> =>
  person.see("LogicalCluster", path, "cluster");
const idOf = (cluster: LogicalCluster): string => cluster.metadata.annotations?.["kcp.io/cluster"] ?? "";

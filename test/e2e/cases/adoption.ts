import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { kinds } from "../../../shared/kcp/kinds.ts";
import type { Account, AccountInfo, Workspace, WorkspaceType } from "../../../shared/kcp/objects.ts";
import { finalizersOf, locationOf, typesOf } from "../expected.ts";
import { isWrite, told } from "../gate.ts";
import { type Mesh, settled } from "../mesh.ts";
import { orgs, type Person } from "../person.ts";

/** When the reference operator was done; long ago, so that a time written anew shows. */
const then = "2026-01-02T03:04:05Z";

export function adoptionCases(mesh: () => Mesh): void {
  describe("objects that the Go reference left behind", () => {
    const places = [
      [orgs, "legacy"],
      ["root:orgs:legacy", "heir"],
    ] as const;
    const left: Record<string, Awaited<ReturnType<typeof stateOf>>> = {};
    let written: readonly string[] = [];

    beforeAll(async () => {
      const { product, person, gate } = mesh();
      await product.stop();
      for (const [parent, name] of places) {
        await leave(person, parent, name);
        left[name] = await stateOf(person, parent, name);
      }
      const start = gate.mark();
      await product.start();
      for (const [parent, name] of places) {
        await person.until(15_000, async () => {
          expect((await person.account(parent, name)).status?.phase).toBe("Ready");
        });
      }
      // Long enough for a second thought to show.
      await sleep(settled());
      written = gate.since(start).filter(isWrite).map(told);
    });

    test("001-F16 cost one write of status each", () => {
      expect([...written].sort()).toEqual(["PATCH accounts/heir/status", "PATCH accounts/legacy/status"]);
    });

    test.each(places)("001-F16 keep their conditions, finalizers and lineage: %s:%s", async (parent, name) => {
      const before = left[name];
      const after = await stateOf(mesh().person, parent, name);
      expect(after.workspace).toEqual(before?.workspace);
      expect(after.info).toEqual(before?.info);
      expect(after.types).toEqual(before?.types);
      expect(after.account.metadata.finalizers).toEqual(before?.account.metadata.finalizers);
      const { conditions = [], ...status } = after.account.status ?? {};
      expect(status).toEqual({ phase: "Ready", observedGeneration: 1 });
      expect(conditions.filter(({ type }) => type !== "SecuritySubroutine")).toEqual(
        before?.account.status?.conditions,
      );
      expect(conditions.find(({ type }) => type === "SecuritySubroutine")).toMatchObject({
        status: "True",
        reason: "Skipped",
      });
    });
  });
}

async function stateOf(person: Person, parent: string, name: string) {
  const [account, workspace, info, types] = await Promise.all([
    person.account(parent, name),
    person.see("Workspace", parent, name),
    person.see("AccountInfo", `${parent}:${name}`, "account"),
    person.client.list("WorkspaceType", orgs),
  ]);
  return { account, workspace, info, types: types.filter(({ metadata }) => metadata.name.startsWith("legacy-")) };
}

/** Makes what the reference makes of an Account, in its order and with its words. */
async function leave(person: Person, parent: string, name: string): Promise<void> {
  const { client } = person;
  const type = parent === orgs ? "org" : "account";
  const account = await person.apply(parent, name, { type, finalizers: finalizersOf(type) });
  if (type === "org") {
    for (const [typeName, spec] of Object.entries(typesOf(name))) {
      const metadata = { name: typeName, labels: { "core.platform-mesh.io/org": name } };
      await client.create<WorkspaceType>(kinds.WorkspaceType, orgs, {
        apiVersion: "tenancy.kcp.io/v1alpha1",
        kind: "WorkspaceType",
        metadata,
        spec,
      });
    }
    await person.until(10_000, async () => {
      const ready = (await person.see("WorkspaceType", orgs, `${name}-org`)).status?.conditions;
      expect(ready).toContainEqual(expect.objectContaining({ type: "Ready", status: "True" }));
    });
  }
  const owner = { apiVersion: "core.platform-mesh.io/v1alpha1", kind: "Account", name, uid: account.metadata.uid };
  await client.create<Workspace>(kinds.Workspace, parent, {
    apiVersion: "tenancy.kcp.io/v1alpha1",
    kind: "Workspace",
    metadata: { name, ownerReferences: [owner] },
    spec: { type: { name: `legacy-${type}`, path: "root:orgs" } },
  });
  const workspace = await person.until(30_000, async () => {
    const found = await person.see("Workspace", parent, name);
    expect(found.status?.phase).toBe("Ready");
    return found;
  });
  await client.create<AccountInfo>(kinds.AccountInfo, `${parent}:${name}`, {
    apiVersion: "core.platform-mesh.io/v1alpha1",
    kind: "AccountInfo",
    metadata: { name: "account", finalizers: ["account.core.platform-mesh.io/info"] },
    spec: await lineage(person, { parent, account, workspace }),
  });
  await client.mergePatch<Account>(
    kinds.Account,
    { cluster: parent, name, subresource: "status" },
    { status: { conditions: conditionsOfReference } },
  );
}

async function lineage(
  person: Person,
  { parent, account, workspace }: { parent: string; account: Account; workspace: Workspace },
): Promise<AccountInfo["spec"]> {
  const home = await person.see("LogicalCluster", parent, "cluster");
  const own = locationOf(account, home.metadata.annotations?.["kcp.io/cluster"] ?? "", workspace);
  const clusterInfo = { ca: person.serverCa };
  if (parent === orgs) return { account: own, organization: own, clusterInfo, fga: { store: { id: "store" } } };
  const above = (await person.see("AccountInfo", parent, "account")).spec;
  return { account: own, parentAccount: above.account, organization: above.organization, clusterInfo, fga: above.fga };
}

const conditionsOfReference = [
  "WorkspaceTypeSubroutine",
  "WorkspaceSubroutine",
  "ManageAccountInfoSubroutine",
  "WorkspaceReadySubroutine",
  "Ready",
].map((type) => ({
  type,
  status: "True",
  reason: "Complete",
  message: type === "Ready" ? "all subroutines completed successfully" : "",
  observedGeneration: 1,
  lastTransitionTime: then,
}));

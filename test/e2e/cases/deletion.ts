import { describe, expect, test } from "vitest";
import { resource } from "../../../shared/event.ts";
import { tracesOf } from "../census.ts";
import { historyOf } from "../history.ts";
import type { Mesh } from "../mesh.ts";
import { orgs } from "../person.ts";

export function deletionCases(mesh: () => Mesh): void {
  // Six deletions at once keep kcp busy for a while.
  describe.concurrent("deletion", { timeout: 240_000 }, () => {
    test("002-F64 a leaf goes, and nothing of it is left", async () => {
      const { person } = mesh();
      await person.has(orgs, "leafy");
      await person.has("root:orgs:leafy", "leaf");
      const traces = await tracesOf(mesh(), "root:orgs:leafy", "leaf");
      await person.delete("Account", "root:orgs:leafy", "leaf");
      await person.until(10_000, async () => {
        const { status } = await person.account("root:orgs:leafy", "leaf");
        expect(status).toMatchObject({ phase: "Deleting", conditions: expect.arrayContaining([waitingForWorkspace]) });
      });
      await person.gone("Account", "root:orgs:leafy", "leaf", 120_000);
      expect(await traces.left()).toEqual([]);
      await person.ready(orgs, "leafy", 0);
    });

    test("002-F54 a middle node waits for the accounts below it", async () => {
      const { person } = mesh();
      await person.has(orgs, "trunk");
      await person.has("root:orgs:trunk", "branch");
      await person.has("root:orgs:trunk:branch", "twig", { finalizers: ["example.com/hold"] });
      const traces = await tracesOf(mesh(), "root:orgs:trunk", "branch");
      await person.delete("Account", "root:orgs:trunk", "branch");
      await person.until(15_000, async () => {
        const { metadata } = await person.account("root:orgs:trunk:branch", "twig");
        expect(metadata.deletionTimestamp).toBeDefined();
      });
      const info = await person.see("AccountInfo", "root:orgs:trunk:branch", "account");
      expect(info.metadata.finalizers).toContain("account.core.platform-mesh.io/info");
      await person.edit("Account", "root:orgs:trunk:branch", "twig", { metadata: { finalizers: null } });
      await person.gone("Account", "root:orgs:trunk", "branch", 120_000);
      expect(await traces.left()).toEqual([]);
    });

    test("002-F64 an org with three levels of accounts goes bottom-up, WorkspaceTypes last", async () => {
      const { person } = mesh();
      await person.has(orgs, "forest");
      await person.has("root:orgs:forest", "north");
      await person.has("root:orgs:forest:north", "lake");
      await person.has("root:orgs:forest", "south");
      const traces = await tracesOf(mesh(), orgs, "forest");
      await person.delete("Account", orgs, "forest");
      await person.gone("Account", orgs, "forest", 120_000);
      expect(await traces.left()).toEqual([]);
      const ends = await endsOf(mesh(), ["lake", "north", "south", "forest", "forest-org", "forest-account"]);
      const inOrder = (...wanted: readonly string[]) =>
        expect(ends.filter((end) => wanted.includes(end))).toEqual(wanted);
      inOrder("Workspace lake", "Account lake", "Workspace north", "Account north", "Workspace forest");
      inOrder("Workspace south", "Account south", "Workspace forest");
      inOrder("Workspace forest", "WorkspaceType forest-org", "Account forest");
      inOrder("Workspace forest", "WorkspaceType forest-account", "Account forest");
    });

    test("002-F64 an account deleted before its workspace exists leaves nothing", async () => {
      const { person } = mesh();
      await person.has(orgs, "hasty");
      await person.apply("root:orgs:hasty", "early");
      await person.delete("Account", "root:orgs:hasty", "early");
      await person.gone("Account", "root:orgs:hasty", "early", 120_000);
      await person.gone("Workspace", "root:orgs:hasty", "early", 120_000);
    });

    test("002-F64 an org deleted at once leaves nothing", async () => {
      const { person } = mesh();
      await person.apply(orgs, "fleeting");
      await person.delete("Account", orgs, "fleeting");
      await person.gone("Account", orgs, "fleeting", 120_000);
      await person.gone("Workspace", orgs, "fleeting", 120_000);
      const types = (await person.client.list("WorkspaceType", orgs)).map(({ metadata }) => metadata.name);
      expect(types.filter((name) => name.startsWith("fleeting-"))).toEqual([]);
    });

    test("002-F64 the same name can be used again at once", async () => {
      const { person } = mesh();
      await person.has(orgs, "phoenix");
      const first = await person.see("Workspace", orgs, "phoenix");
      await person.delete("Account", orgs, "phoenix");
      await person.gone("Account", orgs, "phoenix", 120_000);
      await person.has(orgs, "phoenix");
      const second = await person.see("Workspace", orgs, "phoenix");
      expect(second.spec?.cluster).not.toBe(first.spec?.cluster);
    });
  });
}

/** What ended, in the order in which it was told. */
async function endsOf(mesh: Mesh, names: readonly string[]): Promise<readonly string[]> {
  const { events } = await historyOf(mesh);
  return events
    .filter(({ type, name }) => type === resource.delete && names.includes(name ?? ""))
    .map(({ kind, name }) => `${kind} ${name}`);
}

const waitingForWorkspace = expect.objectContaining({
  type: "WorkspaceSubroutineFinalize",
  status: "False",
  reason: "Stopped",
  message: "Waiting for Workspace deletion",
});

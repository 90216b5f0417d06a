import { beforeAll, describe, expect, test } from "vitest";
import { resource } from "../../../shared/event.ts";
import { readyStatus, typesOf } from "../expected.ts";
import { historyOf } from "../history.ts";
import type { Mesh } from "../mesh.ts";
import { orgs } from "../person.ts";

const org = "root:orgs:mend";
const repaired = { timeout: 10_000, interval: 50 };

export function healingCases(mesh: () => Mesh): void {
  describe("self-healing", () => {
    beforeAll(async () => {
      const { person } = mesh();
      await person.has(orgs, "mend");
      await Promise.all(["emptied", "orphan", "edited", "robbed", "guarded"].map((name) => person.has(org, name)));
    });

    describe.concurrent("of what belongs to one account", () => {
      test("002-F63 a Workspace deleted by hand comes again, new and empty, and people are told", async () => {
        const { person } = mesh();
        const { spec } = await person.see("Workspace", org, "emptied");
        await person.has(`${org}:emptied`, "lost");
        await person.delete("Account", `${org}:emptied`, "lost");
        await person.gone("Account", `${org}:emptied`, "lost");
        await person.delete("Workspace", org, "emptied");
        await person.until(10_000, async () => {
          expect((await person.account(org, "emptied")).status).toMatchObject({
            phase: "Updating",
            conditions: expect.arrayContaining([
              expect.objectContaining({ type: "WorkspaceSubroutine", status: "False", reason: "Stopped" }),
              expect.objectContaining({ type: "Ready", status: "False", reason: "Stopped" }),
            ]),
          });
        });
        await person.until(30_000, async () => {
          const { spec: anew } = await person.see("Workspace", org, "emptied");
          expect(anew?.cluster).not.toBe(spec?.cluster);
        });
        await person.ready(org, "emptied");
        expect((await person.account(org, "emptied")).status).toEqual(readyStatus());
        expect((await person.see("AccountInfo", `${org}:emptied`, "account")).spec.account.name).toBe("emptied");
        expect(await absence("emptied")).toBeLessThan(2000);
        await told("emptied", /Warning\s+WorkspaceRecreated\s.*Workspace emptied was gone/);
      });

      test("002-F63 an owner reference taken away from the Workspace is given back", async () => {
        const { person } = mesh();
        const { metadata } = await person.account(org, "orphan");
        await person.edit("Workspace", org, "orphan", { metadata: { ownerReferences: null } });
        await person.until(10_000, async () => {
          const { ownerReferences } = (await person.see("Workspace", org, "orphan")).metadata;
          expect(ownerReferences).toMatchObject([{ kind: "Account", name: "orphan", uid: metadata.uid }]);
        });
        await person.ready(org, "orphan");
        await told("orphan", /Warning\s+WorkspaceAdopted/);
      });

      test("002-F55 an AccountInfo edited by hand is put right", async () => {
        const { person } = mesh();
        const before = await person.see("AccountInfo", `${org}:edited`, "account");
        await person.edit("AccountInfo", `${org}:edited`, "account", {
          metadata: { finalizers: null },
          spec: {
            account: { name: "other" },
            clusterInfo: { ca: "none" },
            oidc: { issuerUrl: "https://other.example", clients: {} },
          },
        });
        await person.until(10_000, async () => {
          const after = await person.see("AccountInfo", `${org}:edited`, "account");
          expect(after.spec).toEqual(before.spec);
          expect(after.metadata.finalizers).toEqual(before.metadata.finalizers);
        });
        await told("edited", /Normal\s+AccountInfoUpdated/);
      });

      test("002-F55 an AccountInfo deleted by hand comes again", async () => {
        const { person } = mesh();
        const before = await person.see("AccountInfo", `${org}:robbed`, "account");
        await person.delete("AccountInfo", `${org}:robbed`, "account");
        await person.until(10_000, async () => {
          const after = await person.see("AccountInfo", `${org}:robbed`, "account");
          expect(after.metadata.uid).not.toBe(before.metadata.uid);
          expect(after.metadata.finalizers).toEqual(before.metadata.finalizers);
          expect(after.spec).toEqual(before.spec);
        });
        await person.ready(org, "robbed");
        await told("robbed", /Warning\s+AccountInfoRestored/);
      });
    });

    test("002-F53 finalizers of others are kept, and waited for", async () => {
      const { person } = mesh();
      const path = `${org}:guarded`;
      const finalizers = ["account.core.platform-mesh.io/info", "example.com/guard"];
      await person.edit("AccountInfo", path, "account", { metadata: { finalizers }, spec: { account: { name: "x" } } });
      await expect
        .poll(async () => (await person.see("AccountInfo", path, "account")).spec.account.name, repaired)
        .toBe("guarded");
      const before = await person.see("AccountInfo", path, "account");
      expect(before.metadata.finalizers).toEqual(finalizers);
      await person.delete("AccountInfo", path, "account");
      const held = expect.stringMatching(/^AccountInfo is being deleted and held by example\.com\/guard/);
      await expect
        .poll(async () => (await person.account(org, "guarded")).status?.conditions, repaired)
        .toContainEqual(expect.objectContaining({ reason: "Stopped", message: held }));
      await person.edit("AccountInfo", path, "account", { metadata: { finalizers: null } });
      await person.ready(org, "guarded", 10_000);
      const after = await person.see("AccountInfo", path, "account");
      expect(after.metadata.uid).not.toBe(before.metadata.uid);
      expect(after.spec).toEqual(before.spec);
    });

    test("001-F24 a WorkspaceType edited by hand is put right", async () => {
      const { person } = mesh();
      await person.edit("WorkspaceType", orgs, "mend-account", {
        spec: { limitAllowedChildren: { types: null, none: true } },
      });
      await person.until(10_000, async () => {
        const type = await person.see("WorkspaceType", orgs, "mend-account");
        expect(type.spec).toEqual(typesOf("mend")["mend-account"]);
      });
      await told("mend", /Warning\s+WorkspaceTypeRepaired\s.*mend-account was changed/, orgs);
    });

    test("001-F24 a WorkspaceType that was given to another org comes back", async () => {
      const { person } = mesh();
      const label = "core.platform-mesh.io/org";
      await person.edit("WorkspaceType", orgs, "mend-org", { metadata: { labels: { [label]: "other" } } });
      await expect
        .poll(async () => (await person.see("WorkspaceType", orgs, "mend-org")).metadata.labels?.[label], repaired)
        .toBe("mend");
    });

    test("001-F24 a WorkspaceType deleted by hand comes again", async () => {
      const { person } = mesh();
      await person.delete("WorkspaceType", orgs, "mend-account");
      await person.until(10_000, async () => {
        const type = await person.see("WorkspaceType", orgs, "mend-account");
        expect(type.metadata.deletionTimestamp).toBeUndefined();
        expect(type.spec).toEqual(typesOf("mend")["mend-account"]);
      });
      await told("mend", /Warning\s+WorkspaceTypeRepaired\s.*mend-account was deleted/, orgs);
      await person.ready(orgs, "mend");
      await person.has(org, "afterwards");
    });

    describe("of what accounts inherit", () => {
      const line = ["root:orgs:dynasty", "root:orgs:dynasty:son", "root:orgs:dynasty:son:grandson"] as const;
      const security = {
        fga: { store: { id: "store-1" } },
        oidc: { issuerUrl: "https://idp.example/dynasty", clients: { portal: { clientId: "portal-1" } } },
      };
      const inherited = async (path: string) => {
        const { fga, oidc } = (await mesh().person.see("AccountInfo", path, "account")).spec;
        return { fga, oidc };
      };
      beforeAll(async () => {
        await mesh().person.has(orgs, "dynasty");
        await mesh().person.has(line[0], "son");
        await mesh().person.has(line[1], "grandson");
      });

      test("002-F60 a change of the org's fga and oidc reaches every descendant", async () => {
        await mesh().person.edit("AccountInfo", line[0], "account", { spec: security });
        for (const path of line) await expect.poll(() => inherited(path), repaired).toEqual(security);
      });

      test("002-F59 an org's fga and oidc are kept when its AccountInfo is deleted by hand", async () => {
        const { person } = mesh();
        await person.edit("AccountInfo", line[0], "account", { spec: security });
        for (const path of line) await expect.poll(() => inherited(path), repaired).toEqual(security);
        const before = await person.see("AccountInfo", line[0], "account");
        await person.delete("AccountInfo", line[0], "account");
        await person.until(10_000, async () => {
          const after = await person.see("AccountInfo", line[0], "account");
          expect(after.metadata.uid).not.toBe(before.metadata.uid);
          expect(after.spec).toEqual(before.spec);
        });
        for (const path of line) expect(await inherited(path)).toEqual(security);
      });

      test("002-F60 what an org no longer has, its descendants lose", async () => {
        await mesh().person.edit("AccountInfo", line[0], "account", { spec: { ...security, oidc: null } });
        for (const path of line) {
          await expect.poll(() => inherited(path), repaired).toEqual({ ...security, oidc: undefined });
        }
      });
    });

    /** Milliseconds between the end of a Workspace and the next of its name, as the source saw them. */
    async function absence(name: string): Promise<number> {
      const { events } = await historyOf(mesh());
      const times = events
        .filter((event) => event.kind === "Workspace" && event.name === name)
        .filter(({ type }) => type === resource.add || type === resource.delete)
        .map(({ time }) => Date.parse(time ?? ""));
      expect(times).toHaveLength(3);
      return (times[2] ?? 0) - (times[1] ?? 0);
    }

    /** Kubernetes Events are written after the repair that they tell of. */
    async function told(name: string, expected: RegExp, workspace = org): Promise<void> {
      const { person } = mesh();
      await person.until(10_000, async () => expect(await person.events(workspace, name)).toMatch(expected));
    }
  });
}

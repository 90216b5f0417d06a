import { afterEach, describe, expect, test } from "vitest";
import { tracesOf } from "../census.ts";
import { dieAfterEachWrite } from "../dying.ts";
import { readyStatus } from "../expected.ts";
import type { Mesh } from "../mesh.ts";
import { orgs } from "../person.ts";

export function chaosCases(mesh: () => Mesh): void {
  describe("when things break", () => {
    afterEach(() => {
      mesh().gate.afterWrite = undefined;
    });

    test("an org and its account become Ready though the process is killed after each single write", async () => {
      const { person } = mesh();
      const killed = dieAfterEachWrite(mesh());
      await person.apply(orgs, "cat");
      await person.ready(orgs, "cat", 90_000);
      await person.apply("root:orgs:cat", "kitten");
      await person.ready("root:orgs:cat", "kitten", 90_000);
      await killed.end();
      expect(killed.deaths()).toBeGreaterThanOrEqual(8);
      await expectWhole(mesh(), [
        [orgs, "cat"],
        ["root:orgs:cat", "kitten"],
      ]);
    });

    test("and they are deleted without leftovers though it is killed after each single write", async () => {
      const { person } = mesh();
      const traces = await tracesOf(mesh(), orgs, "cat");
      const killed = dieAfterEachWrite(mesh());
      await person.delete("Account", orgs, "cat");
      await person.gone("Account", orgs, "cat", 120_000);
      await killed.end();
      expect(killed.deaths()).toBeGreaterThanOrEqual(5);
      expect(await traces.left()).toEqual([]);
    });

    test("what happens while the process is down is caught up with", async () => {
      const { person, product } = mesh();
      await person.has(orgs, "absent");
      await Promise.all(["going", "repaired"].map((name) => person.has("root:orgs:absent", name)));
      const traces = await tracesOf(mesh(), "root:orgs:absent", "going");
      await product.kill();
      await person.delete("Account", "root:orgs:absent", "going");
      await person.delete("AccountInfo", "root:orgs:absent:repaired", "account");
      await person.edit("Account", orgs, "absent", { spec: { displayName: "Edited while nobody looked" } });
      await person.apply("root:orgs:absent", "coming");
      await product.start();
      await person.ready("root:orgs:absent", "coming");
      await person.gone("Account", "root:orgs:absent", "going", 60_000);
      expect(await traces.left()).toEqual([]);
      await person.until(10_000, () => expectWhole(mesh(), [["root:orgs:absent", "repaired"]]));
      await expect
        .poll(async () => (await person.account(orgs, "absent")).status, { timeout: 10_000 })
        .toEqual(readyStatus(2));
    });

    test("a cut connection to kcp loses nothing", async () => {
      const { person, gate } = mesh();
      await person.has(orgs, "islet");
      await Promise.all(["ebb", "flow"].map((name) => person.has("root:orgs:islet", name)));
      const traces = await tracesOf(mesh(), "root:orgs:islet", "ebb");
      await gate.cut();
      await person.delete("Account", "root:orgs:islet", "ebb");
      await person.edit("Workspace", "root:orgs:islet", "flow", { metadata: { ownerReferences: null } });
      await person.apply("root:orgs:islet", "driftwood");
      await new Promise((resolve) => setTimeout(resolve, 3000));
      await gate.mend();
      await person.ready("root:orgs:islet", "driftwood");
      await person.gone("Account", "root:orgs:islet", "ebb", 60_000);
      expect(await traces.left()).toEqual([]);
      await person.until(10_000, async () => {
        const { metadata } = await person.see("Workspace", "root:orgs:islet", "flow");
        expect(metadata.ownerReferences).toHaveLength(1);
      });
    });

    test("a kcp that restarts is followed again", async () => {
      const { person, shardAdmin, kcp, product } = mesh();
      const pid = await product.pid;
      await person.has(orgs, "tidal");
      await person.has("root:orgs:tidal", "going");
      const traces = await tracesOf(mesh(), "root:orgs:tidal", "going");
      await person.apply("root:orgs:tidal", "coming");
      await person.delete("Account", "root:orgs:tidal", "going");
      await kcp.restart();
      await person.renew();
      await shardAdmin.renew();
      await person.ready("root:orgs:tidal", "coming", 90_000);
      await person.gone("Account", "root:orgs:tidal", "going", 90_000);
      expect(await traces.left()).toEqual([]);
      expect(await product.pid).toBe(pid);
      await person.until(30_000, () => product.isReady());
    }, 240_000);
  });
}

/** Each account is as if nothing had ever happened to it. */
async function expectWhole(
  { person }: Mesh,
  places: readonly (readonly [parent: string, name: string])[],
): Promise<void> {
  for (const [parent, name] of places) {
    const account = await person.ready(parent, name, 10_000);
    expect(account.status).toEqual(readyStatus(account.metadata.generation));
    const [workspace, info] = await Promise.all([
      person.see("Workspace", parent, name),
      person.see("AccountInfo", `${parent}:${name}`, "account"),
    ]);
    expect(workspace.metadata.ownerReferences).toMatchObject([{ uid: account.metadata.uid }]);
    expect(info.metadata.finalizers).toEqual(["account.core.platform-mesh.io/info"]);
    expect(info.spec.account).toMatchObject({ name, generatedClusterId: workspace.spec?.cluster });
  }
}

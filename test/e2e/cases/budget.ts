import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { fact } from "../../../shared/event.ts";
import { everywhere } from "../census.ts";
import { isWrite, type Seen, told } from "../gate.ts";
import { historyOf } from "../history.ts";
import { type Mesh, settled } from "../mesh.ts";
import { orgs } from "../person.ts";

export function budgetCases(mesh: () => Mesh): void {
  describe("what an account costs kcp", () => {
    async function costOf(work: () => Promise<unknown>): Promise<readonly Seen[]> {
      const start = mesh().gate.mark();
      await work();
      await sleep(settled());
      return mesh().gate.since(start);
    }

    test("an org becomes Ready with at most 8 writes and no read", async () => {
      const cost = await costOf(() => mesh().person.has(orgs, "frugal"));
      expect(cost.filter(isWrite).length, JSON.stringify(cost.map(told))).toBeLessThanOrEqual(8);
      expect(cost.filter(isRead).map(told)).toEqual([]);
    });

    test("an account becomes Ready with at most 6 writes and no read", async () => {
      const cost = await costOf(() => mesh().person.has("root:orgs:frugal", "thrifty"));
      expect(cost.filter(isWrite).length, JSON.stringify(cost.map(told))).toBeLessThanOrEqual(6);
      expect(cost.filter(isRead).map(told)).toEqual([]);
    });

    test("a change of its display name costs one write of status", async () => {
      const cost = await costOf(() =>
        mesh().person.edit("Account", "root:orgs:frugal", "thrifty", { spec: { displayName: "Thriftier" } }),
      );
      expect(cost.filter(isWrite).map(told)).toEqual(["PATCH accounts/thrifty/status"]);
      expect((await mesh().person.account("root:orgs:frugal", "thrifty")).status).toMatchObject({
        phase: "Ready",
        observedGeneration: 2,
      });
    });

    test("the refresh label costs the write that takes it away", async () => {
      const labels = { "platform-mesh.io/refresh-reconcile": "true" };
      const cost = await costOf(() =>
        mesh().person.edit("Account", "root:orgs:frugal", "thrifty", { metadata: { labels } }),
      );
      expect(cost.filter(isWrite).map(told)).toEqual(["PATCH accounts/thrifty"]);
      expect((await mesh().person.account("root:orgs:frugal", "thrifty")).metadata.labels ?? {}).toEqual({});
    });

    test("decisions 19: a deletion costs four writes, nudges apart", async () => {
      const { person } = mesh();
      await person.has("root:orgs:frugal", "brief");
      const cost = await costOf(async () => {
        await person.delete("Account", "root:orgs:frugal", "brief");
        await person.gone("Account", "root:orgs:frugal", "brief");
      });
      const writes = cost.filter(isWrite).map(told);
      expect(writes.filter((write) => write !== "PATCH workspaces/brief").toSorted()).toEqual([
        "DELETE workspaces/brief",
        "PATCH accountinfos/account",
        "PATCH accounts/brief",
        "PATCH accounts/brief/status",
      ]);
      expect(writes.filter((write) => write === "PATCH workspaces/brief").length).toBeLessThanOrEqual(5);
    });

    test("a restart costs no write, and no Ready account flips", async () => {
      const before = await versions(mesh());
      const cost = await costOf(async () => {
        expect(await mesh().product.stop()).toBe(0);
        await mesh().product.start();
      });
      expect(cost.filter(isWrite).map(told)).toEqual([]);
      expect(await versions(mesh())).toEqual(before);
    });

    test("a start with nothing remembered costs no write either", async () => {
      const before = await versions(mesh());
      await mesh().product.stop();
      const cost = await costOf(() => mesh().product.start("--bus=memory"));
      expect(cost.filter(isWrite).map(told)).toEqual([]);
      expect(await versions(mesh())).toEqual(before);
      await mesh().product.stop();
      await mesh().product.start();
    });

    test("looking at every account again costs nothing", async () => {
      const accounts = Object.keys(await versions(mesh()));
      await mesh().product.stop();
      const cost = await costOf(async () => {
        await mesh().product.start("--resync=2s");
        await expect
          .poll(async () => new Set(await resynced(mesh())).size, { timeout: 30_000, interval: 1000 })
          .toBeGreaterThanOrEqual(accounts.length);
      });
      expect(cost.filter(isWrite).map(told)).toEqual([]);
      await mesh().product.stop();
      await mesh().product.start();
    });
  });
}

/** Watches come to their end and begin anew, that of the shards with a look at them, whatever happens to accounts. */
const isRead = (seen: Seen): boolean =>
  !isWrite(seen) && !seen.isWatch && !seen.path.endsWith("/apiexportendpointslices");

async function resynced(mesh: Mesh): Promise<readonly (string | undefined)[]> {
  const { events } = await historyOf(mesh);
  return events.filter(({ type }) => type === fact.resyncDue).map(({ accountkey }) => accountkey);
}

/** resourceVersion of every Account. */
async function versions(mesh: Mesh): Promise<Readonly<Record<string, string>>> {
  const accounts = await everywhere(mesh, "Account");
  return Object.fromEntries(accounts.map(({ metadata }) => [metadata.uid, metadata.resourceVersion]));
}

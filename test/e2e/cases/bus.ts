import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { CloudEvent } from "../../../shared/event.ts";
import { isWrite, told } from "../gate.ts";
import { aboutAccount, follow, historyOf } from "../history.ts";
import { type Mesh, settled } from "../mesh.ts";
import { orgs } from "../person.ts";

export function busCases(mesh: () => Mesh): void {
  describe("what the bus may deliver", () => {
    test("events with keys, times and objects that make no sense are survived", async () => {
      const events = oddities.map((odd, index) => ({ ...event, id: `odd-${index}-${Date.now()}`, ...odd }));
      await mesh().bus.publishing(async (publish) => {
        for (const each of events) await publish(each);
      });
      await mesh().person.has(orgs, "unmoved");
      await mesh().person.until(5000, () => mesh().product.isReady());
    });

    test("events that come again, in the wrong order and late, change nothing", async () => {
      const { person, gate } = mesh();
      await person.has(orgs, "echo");
      await person.has("root:orgs:echo", "voice");
      await person.has("root:orgs:echo", "past");
      await person.delete("Account", "root:orgs:echo", "past");
      await person.gone("Account", "root:orgs:echo", "past", 30_000);
      await sleep(settled());
      const cluster = (await person.see("Workspace", orgs, "echo")).spec?.cluster ?? "";
      const about = (name: string) => aboutAccount(cluster, name);
      const { events } = await historyOf(mesh());
      const again = events.filter((each) => about("voice")(each) || about("past")(each)).toReversed();
      expect(again.length).toBeGreaterThan(20);
      const [before, mark] = [await person.account("root:orgs:echo", "voice"), gate.mark()];
      await mesh().bus.publishing(async (publish) => {
        for (const [index, each] of again.entries()) {
          await publish({ ...each, id: `${each.id}/again/${index}` });
        }
      });
      await sleep(2 * settled());
      expect(gate.since(mark).filter(isWrite).map(told)).toEqual([]);
      expect(await person.account("root:orgs:echo", "voice")).toEqual(before);
      expect(await person.client.get("Workspace", "root:orgs:echo", "past")).toBeUndefined();
    });

    test("an account becomes Ready, with no more writes, when every event of it comes twice", async () => {
      const { person, gate } = mesh();
      const cluster = (await person.see("Workspace", orgs, "echo")).spec?.cluster ?? "";
      const enough = new AbortController();
      // Another one when this is tried again.
      const name = `double-${Date.now()}`;
      let copies = 0;
      const copying = mesh().bus.publishing(async (publish) => {
        for await (const event of follow(mesh(), enough.signal)) {
          if (!aboutAccount(cluster, name)(event) || event.id.endsWith("/copy")) continue;
          const copy = { ...event, id: `${event.id}/copy` };
          await publish(copy);
          copies++;
        }
      });
      const mark = gate.mark();
      const started = performance.now();
      await person.has("root:orgs:echo", name);
      // What lasts longer than two seconds is told in the status, once.
      const slow = performance.now() - started > 2000 ? 1 : 0;
      await sleep(settled());
      enough.abort();
      await copying;
      expect(copies).toBeGreaterThan(5);
      const writes = gate.since(mark).filter(isWrite).map(told);
      expect(writes.length, writes.join()).toBeLessThanOrEqual(6 + slow);
    });
  });
}

const event: CloudEvent = {
  specversion: "1.0",
  id: "odd",
  type: "dev.knative.apiserver.resource.update",
  source: "/somewhere",
  kind: "Account",
  deleting: "false",
  time: "2026-01-01T00:00:00Z",
};
const oddities: readonly Partial<CloudEvent>[] = [
  {},
  { accountkey: "" },
  { accountkey: "no-slash" },
  { accountkey: "a/b/c" },
  { accountkey: "nowhere/nobody" },
  { accountkey: "nowhere/nobody", time: "1970-01-01T00:00:00Z", data: "text where an object should be" },
  { accountkey: "nowhere/../../escape", kcpcluster: "*" },
  { kind: "AccountInfo", kcpcluster: "nowhere", data: { spec: null } },
  { kind: "LogicalCluster", type: "dev.knative.apiserver.resource.delete", accountkey: "nowhere/nobody" },
  { type: "io.platform-mesh.account.info-deleted", accountkey: "nowhere/nobody", data: 7 },
];

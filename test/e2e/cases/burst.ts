import { describe, expect, test } from "vitest";
import { resource } from "../../../shared/event.ts";
import type { Account } from "../../../shared/kcp/objects.ts";
import { tracesOf } from "../census.ts";
import { historyOf } from "../history.ts";
import type { Mesh } from "../mesh.ts";
import { orgs } from "../person.ts";

const org = "root:orgs:crowd";
const names = Array.from({ length: 50 }, (_, index) => `guest-${index + 1}`);

export function burstCases(mesh: () => Mesh): void {
  describe("50 accounts at once in one org", () => {
    test("002-F43 become Ready, all of them", async () => {
      const { person } = mesh();
      await person.has(orgs, "crowd");
      await Promise.all(names.map((name) => person.apply(org, name)));
      await person.until(180_000, async () => {
        const accounts = await person.client.list("Account", org);
        const unready = accounts.filter(({ status }) => status?.phase !== "Ready").map(({ metadata }) => metadata.name);
        expect(unready).toEqual([]);
        expect(accounts).toHaveLength(names.length);
      });
    }, 240_000);

    test("002-F41 none of them ever showed an error", async () => {
      const { events } = await historyOf(mesh());
      const cluster = (await mesh().person.see("Workspace", orgs, "crowd")).spec?.cluster;
      const states = events
        .filter(
          ({ type, kind, kcpcluster }) => type === resource.update && kind === "Account" && kcpcluster === cluster,
        )
        .map(({ data }) => data as Account);
      expect(states.length).toBeGreaterThanOrEqual(names.length);
      const errors = states.flatMap(({ metadata, status }) =>
        (status?.conditions ?? [])
          .filter(({ reason }) => reason === "Error")
          .map(({ type, message }) => `${metadata.name} ${type}: ${message}`),
      );
      expect(errors).toEqual([]);
    });

    test("002-F64 go with their org, and nothing is left", async () => {
      const { person } = mesh();
      const traces = await tracesOf(mesh(), orgs, "crowd");
      await person.delete("Account", orgs, "crowd");
      await person.gone("Account", orgs, "crowd", 240_000);
      expect(await traces.left()).toEqual([]);
    }, 300_000);
  });
}

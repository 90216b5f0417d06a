import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { tracesOf } from "../census.ts";
import { kubectl } from "../kubectl.ts";
import type { Mesh } from "../mesh.ts";
import { orgs } from "../person.ts";
import { bareWorkspace } from "./waiting.ts";

/** What takes minutes: begun before all other cases, looked at when time has passed. */
export function agedCases(mesh: () => Mesh): { begin(): void; afterOneMinute(): void; afterMinutes(): void } {
  const hall = "root:orgs:hall";
  return {
    begin() {
      beforeAll(async () => {
        const { person } = mesh();
        await person.has(orgs, "elders");
        await person.has("root:orgs:elders", "eldest");
        await bareWorkspace(mesh(), { parent: orgs, name: "hall", type: { name: "org", path: "root" } });
        await person.apply(hall, "hopeful");
      });
    },
    afterOneMinute() {
      describe("after a minute", () => {
        test("decisions 13: a wait of more than a minute is told as a Kubernetes Event, once", async () => {
          await untilAge(mesh(), [hall, "hopeful"], 75_000);
          const events = () => kubectl(mesh(), hall, "describe", "account", "hopeful");
          await expect
            .poll(events, { timeout: 60_000, interval: 2000 })
            .toMatch(/Warning\s+Waiting\s.*AccountInfo not found yet/);
          expect((await events()).match(/Waiting\s.*AccountInfo not found yet/g)).toHaveLength(1);
          await mesh().person.delete("Account", hall, "hopeful");
          await mesh().person.gone("Account", hall, "hopeful");
        });

        test("decisions 13: an account without trouble has no Kubernetes Events", async () => {
          expect(await kubectl(mesh(), "root:orgs:elders", "describe", "account", "eldest")).toMatch(
            /Events:\s+<none>/,
          );
        });
      });
    },
    afterMinutes() {
      describe("after minutes", () => {
        test("decisions 16: an account of 150 s goes in under 10 s", async () => {
          const { person } = mesh();
          const traces = await tracesOf(mesh(), "root:orgs:elders", "eldest");
          await untilAge(mesh(), ["root:orgs:elders", "eldest"], 150_000);
          await person.delete("Account", "root:orgs:elders", "eldest");
          await person.gone("Account", "root:orgs:elders", "eldest", 10_000);
          expect(await traces.left()).toEqual([]);
        });

        test("decisions 16: its org, older still, goes in under 10 s", async () => {
          const { person } = mesh();
          const traces = await tracesOf(mesh(), orgs, "elders");
          await person.delete("Account", orgs, "elders");
          await person.gone("Account", orgs, "elders", 10_000);
          expect(await traces.left()).toEqual([]);
        });
      });
    },
  };
}

async function untilAge({ person }: Mesh, [workspace, name]: readonly [string, string], age: number): Promise<void> {
  const { creationTimestamp } = (await person.account(workspace, name)).metadata;
  await sleep(Math.max(0, Date.parse(creationTimestamp) + age - Date.now()));
}

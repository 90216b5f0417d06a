import { afterEach, describe, expect, test } from "vitest";
import { partitions } from "../../../eventing/bus/subjects.ts";
import type { TestServer } from "../../servers.ts";
import { prefix, publishingBytes } from "../buses.ts";
import { dieAfterEachWrite } from "../dying.ts";
import { historyOf } from "../history.ts";
import type { Mesh } from "../mesh.ts";
import { orgs } from "../person.ts";

/** What only a bus with a server of its own does: it takes messages from anybody, can be killed, and outlives `pm run`. */
export function natsCases(mesh: () => Mesh): void {
  const server = (): TestServer => {
    const { nats } = mesh();
    if (!nats) throw new Error("this installation has no NATS");
    return nats;
  };
  describe("what NATS does", () => {
    afterEach(() => {
      mesh().gate.afterWrite = undefined;
    });

    test("malformed messages go to the dead letters with the reason, and stop nothing", async () => {
      const before = (await historyOf(mesh())).deadLetters.length;
      const bodies = ["not json", "{}", `{"specversion":"2.0"}`, `["a","list"]`, "\u0000".repeat(1000), deep];
      await publishingBytes(server().url, async (publish) => {
        for (let partition = 0; partition < partitions; partition++) {
          for (const body of bodies) await publish(`${prefix}.ev.${partition}.Account.add`, body);
        }
      });
      await mesh().person.has(orgs, "unimpressed");
      await expect
        .poll(async () => (await historyOf(mesh())).deadLetters.length - before, { timeout: 20_000, interval: 500 })
        .toBeGreaterThanOrEqual(partitions * bodies.length);
      const letters = (await historyOf(mesh())).deadLetters.slice(before);
      for (const letter of letters) {
        expect(letter).toMatchObject({
          knativeerrordest: expect.stringMatching(/^[a-z-]+$/),
          knativeerrorcode: "400",
          knativeerrordata: expect.stringMatching(/^reading an event: /),
        });
      }
    });

    test("002-F59 an org's fga and oidc outlive its AccountInfo though the process is killed after each write", async () => {
      const { person } = mesh();
      await person.has(orgs, "vault");
      const spec = {
        fga: { store: { id: "treasure" } },
        oidc: { issuerUrl: "https://idp.example/vault", clients: { portal: { clientId: "portal" } } },
      };
      await person.edit("AccountInfo", "root:orgs:vault", "account", { spec });
      const before = await person.see("AccountInfo", "root:orgs:vault", "account");
      const killed = dieAfterEachWrite(mesh());
      await person.delete("AccountInfo", "root:orgs:vault", "account");
      await person.until(30_000, async () => {
        const after = await person.see("AccountInfo", "root:orgs:vault", "account");
        expect(after.metadata.uid).not.toBe(before.metadata.uid);
      });
      await person.ready(orgs, "vault");
      await killed.end();
      expect(killed.deaths()).toBeGreaterThanOrEqual(2);
      // What was not confirmed to the bus comes again after some seconds.
      await person.until(15_000, async () => {
        expect((await person.see("AccountInfo", "root:orgs:vault", "account")).spec).toEqual(before.spec);
      });
    });

    test("a NATS that is killed and comes back loses nothing", async () => {
      const { person, product } = mesh();
      const nats = server();
      const pid = await product.pid;
      await person.has(orgs, "courier");
      const names = ["one", "two", "three", "four"];
      await Promise.all(names.map((name) => person.apply("root:orgs:courier", name)));
      await nats.kill();
      await person.apply("root:orgs:courier", "five");
      await nats.restart();
      for (const name of [...names, "five"]) await person.ready("root:orgs:courier", name, 60_000);
      expect(await product.pid).toBe(pid);
    });
  });
}

const deep = `{"specversion":"1.0","id":"deep","type":"t","source":"s","data":${"[".repeat(5000)}${"]".repeat(5000)}}`;

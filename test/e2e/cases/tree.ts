import { beforeAll, describe, expect, test } from "vitest";
import type { AccountInfoSpec } from "../../../shared/kcp/objects.ts";
import { finalizersOf, locationOf, readyStatus, typesOf } from "../expected.ts";
import type { Mesh } from "../mesh.ts";
import { orgs } from "../person.ts";

/** Seed 002's tree: which Accounts live in which workspace. */
const tree = {
  [orgs]: ["default"],
  "root:orgs:default": ["foo", "bar"],
  "root:orgs:default:bar": ["baz"],
} as const;
const accounts = Object.entries(tree).flatMap(([parent, names]) => names.map((name) => ({ parent, name })));
const at = ({ parent, name }: Place) => `${parent}:${name}`;
interface Place {
  readonly parent: string;
  readonly name: string;
}

export function treeCases(mesh: () => Mesh): void {
  describe("the tree of seed 002", () => {
    beforeAll(async () => {
      for (const { parent, name } of accounts) await mesh().person.has(parent, name);
    });

    test.each(accounts)("002-F08 $parent:$name is Ready, with the conditions in order and the phase", async (place) => {
      const account = await mesh().person.account(place.parent, place.name);
      expect(account.status).toEqual(readyStatus());
      expect(account.metadata.finalizers).toEqual(finalizersOf(account.spec.type));
      expect(account.spec).toEqual({ type: account.spec.type, displayName: `The ${place.name}` });
    });

    test("002-F10 root:orgs holds the two WorkspaceTypes of the org", async () => {
      for (const [name, spec] of Object.entries(typesOf("default"))) {
        const type = await mesh().person.see("WorkspaceType", orgs, name);
        expect(type.spec).toEqual(spec);
        expect(type.metadata.labels).toMatchObject({ "core.platform-mesh.io/org": "default" });
        expect(type.metadata.finalizers).toBeUndefined();
      }
    });

    test.each(accounts)(
      "002-F07 the Workspace of $parent:$name is in its parent, owned by its Account",
      async (place) => {
        const { person } = mesh();
        const [account, workspace] = await Promise.all([
          person.account(place.parent, place.name),
          person.see("Workspace", place.parent, place.name),
        ]);
        expect(workspace.spec?.type).toEqual({ name: `default-${account.spec.type}`, path: "root:orgs" });
        expect(workspace.metadata.ownerReferences).toEqual([
          {
            apiVersion: "core.platform-mesh.io/v1alpha1",
            kind: "Account",
            name: place.name,
            uid: account.metadata.uid,
          },
        ]);
        expect(workspace.status?.phase).toBe("Ready");
      },
    );

    test.each(accounts)("002-F50 to F61 AccountInfo inside $parent:$name tells its lineage", async (place) => {
      const info = await mesh().person.see("AccountInfo", at(place), "account");
      expect(info.spec).toEqual(await expectedInfo(mesh(), place));
      expect(info.metadata.finalizers).toEqual(["account.core.platform-mesh.io/info"]);
      expect(info).not.toHaveProperty("status");
    });

    test("002-F09 to F12 each workspace holds the Accounts and AccountInfos of the table, and no others", async () => {
      const { client } = mesh().person;
      for (const place of accounts) {
        const [held, infos] = await Promise.all([
          client.list("Account", at(place)),
          client.list("AccountInfo", at(place)),
        ]);
        expect(held.map(({ metadata }) => metadata.name).sort()).toEqual([...holdings(at(place))].sort());
        expect(infos.map(({ metadata }) => metadata.name)).toEqual(["account"]);
      }
    });

    test("001-F03 an account of an additional type has the WorkspaceType of accounts, and its own type in AccountInfo", async () => {
      const place = { parent: "root:orgs:default:foo", name: "ally" };
      await mesh().person.has(place.parent, place.name, { type: "partner" });
      const workspace = await mesh().person.see("Workspace", place.parent, place.name);
      expect(workspace.spec?.type).toEqual({ name: "default-account", path: "root:orgs" });
      const info = await mesh().person.see("AccountInfo", at(place), "account");
      expect(info.spec).toEqual(await expectedInfo(mesh(), place));
      expect(info.spec.account.type).toBe("partner");
    });

    test("002-F13 an account holds accounts to a depth of ten", async () => {
      let parent = "root:orgs:default:foo";
      for (let level = 1; level <= 10; level++) {
        const name = `level-${level}`;
        await mesh().person.has(parent, name);
        const info = await mesh().person.see("AccountInfo", `${parent}:${name}`, "account");
        expect(info.spec).toEqual(await expectedInfo(mesh(), { parent, name }));
        parent = `${parent}:${name}`;
      }
      expect(parent.split(":")).toHaveLength(14);
    });
  });
}

const holdings = (path: string): readonly string[] =>
  Object.entries(tree).find(([parent]) => parent === path)?.[1] ?? [];

async function expectedInfo({ person }: Mesh, place: Place): Promise<object> {
  const [account, workspace, home] = await Promise.all([
    person.account(place.parent, place.name),
    person.see("Workspace", place.parent, place.name),
    person.see("LogicalCluster", place.parent, "cluster"),
  ]);
  const own = locationOf(account, home.metadata.annotations?.["kcp.io/cluster"] ?? "", workspace);
  expect(own).toMatchObject({ path: at(place), url: expect.stringMatching(`/clusters/${at(place)}$`) });
  const clusterInfo = { ca: person.serverCa };
  const fga = { store: { id: "" } };
  if (place.parent === orgs) return { account: own, organization: own, clusterInfo, fga };
  const parent: AccountInfoSpec = (await person.see("AccountInfo", place.parent, "account")).spec;
  return { account: own, parentAccount: parent.account, organization: parent.organization, clusterInfo, fga };
}

import fc from "fast-check";
import { expect, test } from "vitest";
import { FgaError } from "./fga.ts";
import { objectId } from "./object-id.ts";
import { accountObject, accountTuples, fgaUser, formatTuple, openOrgTuples, orgTuples, roleTuples } from "./tuples.ts";

const acme = { cluster: "orgs-id", name: "acme" };
const team = { cluster: "acme-id", name: "team" };
const text = (tuples: readonly Parameters<typeof formatTuple>[0][]) => tuples.map(formatTuple);

test.each([
  ["an e-mail address as it is", "alice@x.io", "user:alice@x.io"],
  ["`:` as `.`, like the reference", "system:admin", "user:system.admin"],
  ["both percent-encoded", "oidc:alice@x.io", "user:oidc%3Aalice@x.io"],
  ["`%` percent-encoded", "50%", "user:50%25"],
  ["nobody as a user of kcp itself", "system.admin", "user:system%2Eadmin"],
  ["an address that starts like one as it is", "system.team@x.io", "user:system.team@x.io"],
  ["letters of any language as they are", "jürgen@x.io", "user:jürgen@x.io"],
])("decisions 39: writes %s", (_name, given, user) => expect(fgaUser(given)).toBe(user));

test("decisions 39: a ServiceAccount is told from its namesakes in other workspaces", () => {
  const name = "system:serviceaccount:default:robot";
  expect(fgaUser(name, "2x7z")).toBe("user:system.kcp.serviceaccount.2x7z.default.robot");
  expect(fgaUser(name, "2x7z")).toBe(fgaUser("system:kcp:serviceaccount:2x7z:default:robot"));
  expect(fgaUser("system:serviceaccount:default:a.b", "2x7z")).not.toBe(
    fgaUser("system:serviceaccount:default:a:b", "2x7z"),
  );
  expect(() => fgaUser(name)).toThrow("exists in every workspace");
});

test.each([
  ["nothing", ""],
  ["everybody", "*"],
  ["a space", "alice smith"],
  ["a line break", "alice\n"],
  ["#", "alice#member"],
  ["a control character", "alice\u0000"],
  ["half a character", "alice\uD800"],
  ["more than 507 bytes", "ä".repeat(254)],
  ["more than 507 bytes once written", "%".repeat(300)],
])("S16: refuses a creator that is %s", (_name, given) => {
  expect(() => fgaUser(given)).toThrow(FgaError);
  expect(() => fgaUser(given)).toThrow(/can be no user of OpenFGA: /);
});

const usable = fc
  .string({
    unit: fc.constantFrom("a", "b", "A", "@", ".", ":", "%", "2", "3", "5", "E", "/", "-", "ü", "system"),
    minLength: 1,
    maxLength: 30,
  })
  .filter((name) => !/^system:serviceaccount:[^:]+:[^:]+$/.test(name));

test("decisions 39: two names are one user only as the reference's `:` for `.`", () => {
  fc.assert(
    fc.property(usable, usable, (one, other) => {
      if (fgaUser(one) === fgaUser(other)) expect(one.replaceAll(":", ".")).toBe(other.replaceAll(":", "."));
    }),
  );
});

test("decisions 39: no address and no other name passes for a user of kcp itself", () => {
  const kcps = usable.map((name) => `system:${name.replaceAll("@", "a")}`);
  const others = fc.oneof(
    usable.map((name) => `${name}@x.io`),
    usable.map((name) => `system.${name}`),
  );
  fc.assert(
    fc.property(kcps, others, (kcp, other) => {
      expect(fgaUser(kcp)).not.toBe(fgaUser(other));
    }),
  );
});

test("decisions 39: every user is one that OpenFGA takes", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", minLength: 1, maxLength: 200 }), (name) => {
      let user: string;
      try {
        user = fgaUser(name);
      } catch (error) {
        expect(error).toBeInstanceOf(FgaError);
        return;
      }
      expect(user).toMatch(/^user:[^:#\s]+$/);
      expect(user).not.toBe("user:*");
      expect(Buffer.byteLength(user)).toBeLessThanOrEqual(512);
    }),
  );
});

test("S3: an org has the two tuples of its creator, structure first", () => {
  expect(text(orgTuples(acme, "system:admin"))).toEqual([
    "role:core_platform-mesh_io_account/orgs-id/acme/owner#assignee owner core_platform-mesh_io_account:orgs-id/acme",
    "user:system.admin assignee role:core_platform-mesh_io_account/orgs-id/acme/owner",
  ]);
});

test("S11: an account has its parent too", () => {
  expect(text(accountTuples(team, acme, "bob@x.io"))).toEqual([
    "core_platform-mesh_io_account:orgs-id/acme parent core_platform-mesh_io_account:acme-id/team",
    "role:core_platform-mesh_io_account/acme-id/team/owner#assignee owner core_platform-mesh_io_account:acme-id/team",
    "user:bob@x.io assignee role:core_platform-mesh_io_account/acme-id/team/owner",
  ]);
});

test("decisions 34: a member has a role of the account", () => {
  expect(text(roleTuples(team, "member", fgaUser("bob@x.io")))).toEqual([
    "role:core_platform-mesh_io_account/acme-id/team/member#assignee member core_platform-mesh_io_account:acme-id/team",
    "user:bob@x.io assignee role:core_platform-mesh_io_account/acme-id/team/member",
  ]);
  expect(openOrgTuples(acme)).toHaveLength(2);
});

test("a ServiceAccount that creates an account is one of the workspace that holds it", () => {
  expect(text(orgTuples(team, "system:serviceaccount:default:ci"))[1]).toMatch(
    /^user:system\.kcp\.serviceaccount\.acme-id\./,
  );
});

test("ids of objects hold what Kubernetes allows in names, and no two are one", () => {
  expect(accountObject(acme)).toBe("core_platform-mesh_io_account:orgs-id/acme");
  expect(objectId(["c", "system:admin"])).toBe("c/system%3Aadmin");
  const parts = fc.array(fc.string({ unit: "grapheme", maxLength: 120 }), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(fc.uniqueArray(parts, { minLength: 2, selector: JSON.stringify }), (ids) => {
      for (const id of ids) {
        expect(objectId(id)).toMatch(/^[^:#\s]*$/u);
        expect(Buffer.byteLength(objectId(id))).toBeLessThanOrEqual(190);
      }
      expect(new Set(ids.map(objectId)).size).toBe(ids.length);
    }),
  );
});

import { describe, expect, test } from "vitest";
import { jsonPatch, merge, strategic } from "../api.ts";
import { account, clusterRoleBinding, configMap } from "../objects.ts";
import { accounts, configMaps, room } from "../world.ts";

export function patchCases(): void {
  const home = room("patches");
  const spec = { description: "first", data: { a: 1, b: { c: [1, 2] } } };
  const create = (name: string) => home.api().post(accounts, account(name, spec));
  const patch = async (name: string, body: unknown, ask = merge) => {
    await create(name);
    return home.api().patch(`${accounts}/${name}`, body, ask);
  };

  describe("merge patch", () => {
    test("sets what it names and keeps the rest", async () => {
      expect((await patch("set", { spec: { data: { b: { d: 2 } } } })).only("spec")).toMatchInlineSnapshot(`
        200
        spec:
          data:
            a: 1
            b: {c: [1, 2], d: 2}
          description: first
          displayName: set
          type: account
      `);
    });
    test("takes away what it names null", async () => {
      const answer = await patch("null", { spec: { description: null, data: { a: null } } });
      expect(answer.only("spec")).toMatchInlineSnapshot(`
        200
        spec:
          data:
            b: {c: [1, 2]}
          displayName: 'null'
          type: account
      `);
    });
    test("replaces lists as a whole", async () => {
      const answer = await patch("list", { spec: { data: { b: { c: [3] } } } });
      expect(answer.only("spec.data")).toMatchInlineSnapshot(`
        200
        spec.data:
          a: 1
          b:
            c: [3]
      `);
    });
    test("is validated in its result", async () => {
      expect(await patch("invalid", { spec: { type: 5 } })).toMatchInlineSnapshot(`
        422 Invalid: Account.core.platform-mesh.io "invalid" is invalid:
        - FieldValueTypeInvalid: spec.type: Invalid value: "integer": spec.type in body must be of type string: "integer"
        {group: core.platform-mesh.io, kind: Account, name: invalid}
      `);
    });
    test("may not take away what is required", async () => {
      expect(await patch("required", { spec: { type: null } })).toMatchInlineSnapshot(`
        422 Invalid: Account.core.platform-mesh.io "required" is invalid:
        - FieldValueRequired: spec.type: Required value
        {group: core.platform-mesh.io, kind: Account, name: required}
      `);
    });
    test("that is no JSON", async () => {
      expect((await patch("broken", "{")).text("message").split("patch: ")[0]).toMatchInlineSnapshot(`error decoding`);
    });
    test("that is a list", async () => {
      expect(await patch("a-list", [])).toMatchInlineSnapshot(
        `400 BadRequest: error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}`,
      );
    });
    test("that is empty changes nothing", async () => {
      expect((await patch("empty", {})).code).toBe(200);
    });
    test("may not rename", async () => {
      expect(await patch("rename", { metadata: { name: "other" } })).toMatchInlineSnapshot(
        `400 BadRequest: the name of the object (other) does not match the name on the URL (rename)`,
      );
    });
    test("may not change the kind", async () => {
      expect(await patch("kind", { kind: "Other" })).toMatchInlineSnapshot(`
        422 Invalid: Other.core.platform-mesh.io "kind" is invalid:
        - FieldValueInvalid: kind: Invalid value: "Other": must be Account
        {group: core.platform-mesh.io, kind: Other, name: kind}
      `);
    });
    test("may not change the API version", async () => {
      const answer = await patch("version", { apiVersion: "core.platform-mesh.io/v9" });
      expect(answer.at("message")).toMatchInlineSnapshot(
        `Account.core.platform-mesh.io "version" is invalid: apiVersion: Invalid value: "core.platform-mesh.io/v9": must be core.platform-mesh.io/v1alpha1`,
      );
    });
    test("of what does not exist", async () => {
      expect(await home.api().patch(`${accounts}/absent`, {})).toMatchInlineSnapshot(`
        404 NotFound: accounts.core.platform-mesh.io "absent" not found
        {group: core.platform-mesh.io, kind: accounts, name: absent}
      `);
    });
    test("takes no force", async () => {
      await create("forced");
      expect(await home.api().patch(`${accounts}/forced?force=true`, {})).toMatchInlineSnapshot(`
        422 Invalid: PatchOptions.meta.k8s.io "" is invalid:
        - FieldValueForbidden: force: Forbidden: may not be specified for non-apply patch
        {group: meta.k8s.io, kind: PatchOptions}
      `);
    });
    test("of a collection is not served", async () => {
      expect(await home.api().patch(accounts, {})).toMatchInlineSnapshot(`400 BadRequest: name must be provided`);
    });
  });

  describe("JSON patch", () => {
    test("adds, replaces, removes, moves, copies and tests", async () => {
      const answer = await patch(
        "all",
        [
          { op: "test", path: "/spec/description", value: "first" },
          { op: "replace", path: "/spec/description", value: "second" },
          { op: "add", path: "/spec/data/b/c/-", value: 3 },
          { op: "add", path: "/spec/data/b/c/0", value: 0 },
          { op: "remove", path: "/spec/data/a" },
          { op: "copy", from: "/spec/description", path: "/spec/data/copied" },
          { op: "move", from: "/spec/data/b/c", path: "/spec/data/moved" },
        ],
        jsonPatch,
      );
      expect(answer.only("spec")).toMatchInlineSnapshot(`
        200
        spec:
          data:
            b: {}
            copied: second
            moved: [0, 1, 2, 3]
          description: second
          displayName: all
          type: account
      `);
    });
    test("decodes ~1 and ~0 in paths", async () => {
      const body = [
        { op: "add", path: "/metadata/annotations/example.io~1a", value: "x" },
        { op: "add", path: "/spec/data/a~0b", value: "x" },
      ];
      const answer = await patch("escaped", body, jsonPatch);
      expect(answer.only("metadata.annotations", "spec.data")).toMatchInlineSnapshot(`
        200
        metadata.annotations:
          example.io/a: x
          kcp.io/cluster: <id of patches>
        spec.data:
          a: 1
          a~b: x
          b:
            c: [1, 2]
      `);
    });
    test("an invalid label is told once for each time that it is looked at", async () => {
      const body = [{ op: "add", path: "/metadata/labels", value: { "no key": "x" } }];
      expect(await patch("labelled", body, jsonPatch)).toMatchInlineSnapshot(`
        422 Invalid: Account.core.platform-mesh.io "labelled" is invalid:
        - FieldValueInvalid: metadata.labels: Invalid value: "no key": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')
        - FieldValueInvalid: metadata.labels: Invalid value: "no key": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')
        - FieldValueInvalid: metadata.labels: Invalid value: "no key": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')
        {group: core.platform-mesh.io, kind: Account, name: labelled}
      `);
    });
    const refused: readonly (readonly [string, readonly unknown[]])[] = [
      ["a test that does not hold", [{ op: "test", path: "/spec/type", value: "org" }]],
      ["removing what is not there", [{ op: "remove", path: "/spec/none" }]],
      ["replacing an item that is not there", [{ op: "replace", path: "/spec/data/b/c/5", value: 1 }]],
      ["adding below what is not there", [{ op: "add", path: "/spec/none/deep", value: 1 }]],
      ["an index beyond the end", [{ op: "add", path: "/spec/data/b/c/9", value: 1 }]],
      ["an unknown operation", [{ op: "rename", path: "/spec/type", value: "x" }]],
    ];
    test.each(refused)("%s is refused", async (what, operations) => {
      const answer = await patch(what.replaceAll(" ", "-"), operations, jsonPatch);
      expect(answer.code).toBe(422);
      expect(answer.at("message")).toBe("the server rejected our request due to an error in our request");
    });
    test("replacing a field that is not there adds it", async () => {
      const body = [{ op: "replace", path: "/spec/creator", value: "me" }];
      expect((await patch("replace", body, jsonPatch)).only("spec.creator")).toMatchInlineSnapshot(`
        200
        spec.creator: me
      `);
    });
    test("that is no list", async () => {
      expect(await patch("map", { a: 1 }, jsonPatch)).toMatchInlineSnapshot(
        `400 BadRequest: error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp`,
      );
    });
    test("that is no JSON", async () => {
      expect((await patch("text", "nothing", jsonPatch)).text("message").split("patch: ")[0]).toMatchInlineSnapshot(
        `error decoding`,
      );
    });
    test("with more than 10,000 operations", async () => {
      const operations = Array.from({ length: 10_001 }, () => ({ op: "test", path: "/kind", value: "Account" }));
      expect(await patch("long", operations, jsonPatch)).toMatchInlineSnapshot(
        `413 RequestEntityTooLarge: Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001`,
      );
    });
  });

  describe("strategic merge patch", () => {
    test("of a bound type is not served", async () => {
      expect(await patch("strategic", {}, strategic)).toMatchInlineSnapshot(
        `415 UnsupportedMediaType: the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml, application/apply-patch+yaml`,
      );
    });
    test("of a native type merges maps", async () => {
      await home.api().post(configMaps, configMap("map", { a: "1", b: "2" }));
      const answer = await home.api().patch(`${configMaps}/map`, { data: { a: null, c: "3" } }, strategic);
      expect(answer.only("data")).toMatchInlineSnapshot(`
        200
        data:
          b: '2'
          c: '3'
      `);
    });
    test("replaces a list without keys", async () => {
      const path = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings";
      await home.api().post(path, clusterRoleBinding("subjects", "view", "one", "two"));
      const subjects = [{ kind: "User", name: "three" }];
      const answer = await home.api().patch(`${path}/subjects`, { subjects }, strategic);
      expect(answer.only("subjects")).toMatchInlineSnapshot(`
        200
        subjects:
          - apiGroup: rbac.authorization.k8s.io
            kind: User
            name: three
      `);
    });
    test("deletes with a directive", async () => {
      await home.api().post(configMaps, configMap("directive", { a: "1" }));
      const answer = await home
        .api()
        .patch(`${configMaps}/directive`, { data: { $patch: "replace", z: "1" } }, strategic);
      expect(answer.only("data")).toMatchInlineSnapshot(`
        200
        data:
          z: '1'
      `);
    });
    test("merges finalizers of a list", async () => {
      const finalizers = ["example.io/a"];
      await home.api().post(configMaps, configMap("finalizers", {}, { finalizers }));
      const path = `${configMaps}/finalizers`;
      const answer = await home.api().patch(path, { metadata: { finalizers: ["example.io/b"] } }, strategic);
      expect(answer.only("metadata.finalizers")).toMatchInlineSnapshot(`
        200
        metadata.finalizers:
          - example.io/b
          - example.io/a
      `);
      await home.api().patch(path, { metadata: { finalizers: null } });
    });
  });

  test("a patch of an unknown media type", async () => {
    expect(await patch("unknown", "x", { type: "text/plain" })).toMatchInlineSnapshot(
      `415 UnsupportedMediaType: the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml, application/apply-patch+yaml`,
    );
  });
  test("a patch of a native object of an unknown media type", async () => {
    await home.api().post(configMaps, configMap("typed"));
    expect(await home.api().patch(`${configMaps}/typed`, {}, { type: "application/json" })).toMatchInlineSnapshot(
      `415 UnsupportedMediaType: 415: Unsupported Media Type`,
    );
  });
}

import { describe, expect, test } from "vitest";
import { apply } from "../api.ts";
import { account, condition } from "../objects.ts";
import { accounts, room } from "../world.ts";

export function schemaCases(): void {
  const home = room("schema");
  const create = (body: unknown, query = "") => home.api().post(accounts + query, body);

  describe("structural schema", () => {
    test("required fields are named", async () => {
      expect(await create({ ...account("a"), spec: {} })).toMatchInlineSnapshot(`
        422 Invalid: Account.core.platform-mesh.io "a" is invalid:
        - FieldValueRequired: spec.displayName: Required value
        - FieldValueRequired: spec.type: Required value
        {group: core.platform-mesh.io, kind: Account, name: a}
      `);
    });
    test("an object without a spec is accepted, since nothing requires one", async () => {
      const { spec: _spec, ...bare } = account("bare");
      expect(await create(bare)).toMatchInlineSnapshot(`
        201
        apiVersion: core.platform-mesh.io/v1alpha1
        kind: Account
        metadata:
          generation: 1
          name: bare
      `);
    });
    test("a spec that is no object is refused by its type", async () => {
      expect(await create({ ...account("a"), spec: "text" })).toMatchInlineSnapshot(`
        422 Invalid: Account.core.platform-mesh.io "a" is invalid:
        - FieldValueTypeInvalid: spec: Invalid value: "string": spec in body must be of type object: "string"
        {group: core.platform-mesh.io, kind: Account, name: a}
      `);
    });
    test("null is as good as nothing where there is no schema for it", async () => {
      expect(await create({ ...account("null"), spec: null })).toMatchInlineSnapshot(`
        201
        apiVersion: core.platform-mesh.io/v1alpha1
        kind: Account
        metadata:
          generation: 1
          name: 'null'
      `);
    });
    test("a number is no string", async () => {
      expect(await create(account("a", { displayName: 7 }))).toMatchInlineSnapshot(`
        422 Invalid: Account.core.platform-mesh.io "a" is invalid:
        - FieldValueTypeInvalid: spec.displayName: Invalid value: "integer": spec.displayName in body must be of type string: "integer"
        {group: core.platform-mesh.io, kind: Account, name: a}
      `);
    });
    test("a fraction is a number", async () => {
      expect(await create(account("a", { displayName: 7.5 }))).toMatchInlineSnapshot(`
        422 Invalid: Account.core.platform-mesh.io "a" is invalid:
        - FieldValueTypeInvalid: spec.displayName: Invalid value: "number": spec.displayName in body must be of type string: "number"
        {group: core.platform-mesh.io, kind: Account, name: a}
      `);
    });
    test("a boolean is no string", async () => {
      expect(await create(account("a", { displayName: true }))).toMatchInlineSnapshot(`
        422 Invalid: Account.core.platform-mesh.io "a" is invalid:
        - FieldValueTypeInvalid: spec.displayName: Invalid value: "boolean": spec.displayName in body must be of type string: "boolean"
        {group: core.platform-mesh.io, kind: Account, name: a}
      `);
    });
    test("an object is no list", async () => {
      expect(await create(account("a", { extensions: {} }))).toMatchInlineSnapshot(`
        422 Invalid: Account.core.platform-mesh.io "a" is invalid:
        - FieldValueTypeInvalid: spec.extensions: Invalid value: "object": spec.extensions in body must be of type array: "object"
        {group: core.platform-mesh.io, kind: Account, name: a}
      `);
    });
    test("items of a list are checked, and named by index", async () => {
      const extensions = [{ specGoTemplate: {} }, { apiVersion: 1, kind: "A" }];
      expect(await create(account("a", { extensions }))).toMatchInlineSnapshot(`
        422 Invalid: Account.core.platform-mesh.io "a" is invalid:
        - FieldValueRequired: spec.extensions[1].specGoTemplate: Required value
        - FieldValueTypeInvalid: spec.extensions[1].apiVersion: Invalid value: "integer": spec.extensions[1].apiVersion in body must be of type string: "integer"
        {group: core.platform-mesh.io, kind: Account, name: a}
      `);
    });
    test("a string may be as long as maxLength, in characters", async () => {
      const answer = await create(account("longest", { displayName: "ü".repeat(255) }));
      expect(answer.code).toBe(201);
    });
    test("a string longer than maxLength is refused", async () => {
      expect(await create(account("a", { displayName: "x".repeat(256) }))).toMatchInlineSnapshot(`
        422 Invalid: Account.core.platform-mesh.io "a" is invalid:
        - FieldValueTooLong: spec.displayName: Too long: may not be more than 255 bytes
        {group: core.platform-mesh.io, kind: Account, name: a}
      `);
    });
    test("all mistakes are told at once", async () => {
      const spec = { displayName: "x".repeat(256), type: 1, creator: false, extensions: [{}] };
      expect(await create(account("a", spec))).toMatchInlineSnapshot(`
        422 Invalid: Account.core.platform-mesh.io "a" is invalid:
        - FieldValueRequired: spec.extensions[0].specGoTemplate: Required value
        - FieldValueTooLong: spec.displayName: Too long: may not be more than 255 bytes
        - FieldValueTypeInvalid: spec.creator: Invalid value: "boolean": spec.creator in body must be of type string: "boolean"
        - FieldValueTypeInvalid: spec.type: Invalid value: "integer": spec.type in body must be of type string: "integer"
        {group: core.platform-mesh.io, kind: Account, name: a}
      `);
    });
    test("null is dropped where there is no default", async () => {
      expect(await create(account("dropped", { description: null }))).toMatchInlineSnapshot(`
        201
        apiVersion: core.platform-mesh.io/v1alpha1
        kind: Account
        metadata:
          generation: 1
          name: dropped
        spec:
          displayName: dropped
          type: account
      `);
    });
    test("free-form data takes any value", async () => {
      const data = { list: [1, "two", { three: null }], text: "x" };
      expect((await create(account("free", { data }))).only("spec.data")).toMatchInlineSnapshot(`
        201
        spec.data:
          list:
            - 1
            - two
            - {three: null}
          text: x
      `);
    });
    test("free-form data keeps a plain value too", async () => {
      expect((await create(account("plain", { data: 5 }))).only("spec.data")).toMatchInlineSnapshot(`
        201
        spec.data: 5
      `);
    });
  });

  describe("unknown fields", () => {
    const unknown = { ...account("unknown", { shoe: 1, hat: { size: 2 } }), glove: true };
    test("are dropped with a warning each", async () => {
      expect(await create(unknown)).toMatchInlineSnapshot(`
        201
        apiVersion: core.platform-mesh.io/v1alpha1
        kind: Account
        metadata:
          generation: 1
          name: unknown
        spec:
          displayName: unknown
          type: account
        warning: 299 - "unknown field \\"glove\\"", 299 - "unknown field \\"spec.hat\\"", 299 - "unknown field \\"spec.shoe\\""
      `);
    });
    test("are dropped in silence with fieldValidation=Ignore", async () => {
      expect(
        await create({ ...unknown, metadata: { name: "ignored" } }, "?fieldValidation=Ignore"),
      ).toMatchInlineSnapshot(`
        201
        apiVersion: core.platform-mesh.io/v1alpha1
        kind: Account
        metadata:
          generation: 1
          name: ignored
        spec:
          displayName: unknown
          type: account
      `);
    });
    test("are refused with fieldValidation=Strict", async () => {
      expect(await create(unknown, "?fieldValidation=Strict")).toMatchInlineSnapshot(
        `400 BadRequest: Account in version "v1alpha1" cannot be handled as a Account: strict decoding error: unknown field "glove", unknown field "spec.hat", unknown field "spec.shoe"`,
      );
    });
    test("are warned of with fieldValidation=Warn", async () => {
      const answer = await create({ ...unknown, metadata: { name: "warned" } }, "?fieldValidation=Warn");
      expect(answer.headers.warning).toMatchInlineSnapshot(
        `299 - "unknown field \\"glove\\"", 299 - "unknown field \\"spec.hat\\"", 299 - "unknown field \\"spec.shoe\\""`,
      );
    });
    test("in metadata are told too", async () => {
      const answer = await create(account("meta", {}, { shoe: 1, labels: { a: "b" } }), "?fieldValidation=Strict");
      expect(answer).toMatchInlineSnapshot(
        `400 BadRequest: Account in version "v1alpha1" cannot be handled as a Account: strict decoding error: unknown field "metadata.shoe"`,
      );
    });
    test("in items of lists are told by index", async () => {
      const extensions = [{ specGoTemplate: {}, other: 1 }];
      expect(await create(account("a", { extensions }), "?fieldValidation=Strict")).toMatchInlineSnapshot(
        `400 BadRequest: Account in version "v1alpha1" cannot be handled as a Account: strict decoding error: unknown field "spec.extensions[0].other"`,
      );
    });
    test("a field given twice is refused with fieldValidation=Strict", async () => {
      const text = JSON.stringify(account("twice")).replace('"type"', '"type":"x","type"');
      expect(await create(text, "?fieldValidation=Strict")).toMatchInlineSnapshot(
        `400 BadRequest: Account in version "v1alpha1" cannot be handled as a Account: strict decoding error: duplicate field "spec.type"`,
      );
    });
    test("a field given twice is warned of, and the last one counts", async () => {
      const text = JSON.stringify(account("twice")).replace('"type"', '"type":"x","type"');
      expect(await create(text)).toMatchInlineSnapshot(`
        201
        apiVersion: core.platform-mesh.io/v1alpha1
        kind: Account
        metadata:
          generation: 1
          name: twice
        spec:
          displayName: twice
          type: account
        warning: 299 - "duplicate field \\"spec.type\\""
      `);
    });
    test("fieldValidation takes three values", async () => {
      expect(await create(account("a"), "?fieldValidation=Never")).toMatchInlineSnapshot(`
        422 Invalid: CreateOptions.meta.k8s.io "" is invalid:
        - FieldValueNotSupported: fieldValidation: Unsupported value: "Never": supported values: "", "Ignore", "Strict", "Warn"
        {group: meta.k8s.io, kind: CreateOptions}
      `);
    });
    test("in an update are dropped with a warning", async () => {
      expect(await home.api().patch(`${accounts}/unknown`, { spec: { shoe: 2 } })).toMatchInlineSnapshot(`
        200
        apiVersion: core.platform-mesh.io/v1alpha1
        kind: Account
        metadata:
          generation: 1
          name: unknown
        spec:
          displayName: unknown
          type: account
        warning: 299 - "unknown field \\"spec.shoe\\""
      `);
    });
    test("in a merge patch are refused with fieldValidation=Strict", async () => {
      const path = `${accounts}/unknown?fieldValidation=Strict`;
      expect(await home.api().patch(path, { spec: { shoe: 2 } })).toMatchInlineSnapshot(`
        422 Invalid:  "" is invalid:
        - FieldValueInvalid: patch: Invalid value: "{\\"apiVersion\\":\\"core.platform-mesh.io/v1alpha1\\",\\"kind\\":\\"Account\\",\\"metadata\\":{\\"annotations\\":{\\"kcp.io/cluster\\":\\"<id of schema>\\"},\\"creationTimestamp\\":\\"<time>\\",\\"generation\\":1,\\"managedFields\\":[{\\"apiVersion\\":\\"core.platform-mesh.io/v1alpha1\\",\\"fieldsType\\":\\"FieldsV1\\",\\"fieldsV1\\":{\\"f:spec\\":{\\".\\":{},\\"f:displayName\\":{},\\"f:type\\":{}}},\\"manager\\":\\"conformance\\",\\"operation\\":\\"Update\\",\\"time\\":\\"<time>\\"}],\\"name\\":\\"unknown\\",\\"resourceVersion\\":\\"<version>\\",\\"uid\\":\\"<uid>\\"},\\"spec\\":{\\"displayName\\":\\"unknown\\",\\"shoe\\":2,\\"type\\":\\"account\\"}}": strict decoding error: unknown field "spec.shoe"
      `);
    });
    test("in an apply are refused", async () => {
      const path = `${accounts}/unknown?fieldManager=someone&force=true`;
      expect(await home.api().patch(path, account("unknown", { shoe: 2 }), apply)).toMatchInlineSnapshot(
        `500 failed to create typed patch object (/unknown; core.platform-mesh.io/v1alpha1, Kind=Account): .spec.shoe: field not declared in schema`,
      );
    });
  });

  describe("validation of status", () => {
    const status = async (status: unknown) => {
      await create(account("status"));
      return home.api().patch(`${accounts}/status/status`, { status });
    };
    test("an enumerated value is checked", async () => {
      expect(await status({ phase: "Sleeping" })).toMatchInlineSnapshot(`
        422 Invalid: Account.core.platform-mesh.io "status" is invalid:
        - FieldValueNotSupported: status.phase: Unsupported value: "Sleeping": supported values: "Declared", "Provisioning", "Ready", "Failed", "Updating", "Deleting"
        {group: core.platform-mesh.io, kind: Account, name: status}
      `);
    });
    test("conditions are checked as a whole", async () => {
      expect(await status({ conditions: [{ type: "Ready", status: "Maybe" }] })).toMatchInlineSnapshot(`
        422 Invalid: Account.core.platform-mesh.io "status" is invalid:
        - FieldValueNotSupported: status.conditions[0].status: Unsupported value: "Maybe": supported values: "True", "False", "Unknown"
        - FieldValueRequired: status.conditions[0].lastTransitionTime: Required value
        - FieldValueRequired: status.conditions[0].message: Required value
        - FieldValueRequired: status.conditions[0].reason: Required value
        {group: core.platform-mesh.io, kind: Account, name: status}
      `);
    });
    test("a pattern is checked", async () => {
      expect(await status({ conditions: [condition("Ready", { reason: "not good" })] })).toMatchInlineSnapshot(`
        422 Invalid: Account.core.platform-mesh.io "status" is invalid:
        - FieldValueInvalid: status.conditions[0].reason: Invalid value: "not good": conditions[0].reason in body should match '^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$'
        {group: core.platform-mesh.io, kind: Account, name: status}
      `);
    });
    test("a minimum length is checked", async () => {
      expect(await status({ conditions: [condition("Ready", { reason: "" })] })).toMatchInlineSnapshot(`
        422 Invalid: Account.core.platform-mesh.io "status" is invalid:
        - FieldValueInvalid: status.conditions[0].reason: Invalid value: "": conditions[0].reason in body should be at least 1 chars long
        {group: core.platform-mesh.io, kind: Account, name: status}
      `);
    });
    test("a time is checked", async () => {
      const wrong = condition("Ready", { lastTransitionTime: "yesterday" });
      expect(await status({ conditions: [wrong] })).toMatchInlineSnapshot(`
        422 Invalid: Account.core.platform-mesh.io "status" is invalid:
        - FieldValueTypeInvalid: status.conditions[0].lastTransitionTime: Invalid value: "yesterday": conditions[0].lastTransitionTime in body must be of type date-time: "yesterday"
        {group: core.platform-mesh.io, kind: Account, name: status}
      `);
    });
    test("a minimum is checked", async () => {
      expect(await status({ conditions: [condition("Ready", { observedGeneration: -1 })] })).toMatchInlineSnapshot(`
        422 Invalid: Account.core.platform-mesh.io "status" is invalid:
        - FieldValueInvalid: status.conditions[0].observedGeneration: Invalid value: -1: conditions[0].observedGeneration in body should be greater than or equal to 0
        {group: core.platform-mesh.io, kind: Account, name: status}
      `);
    });
    test("a fraction is no integer", async () => {
      expect(await status({ observedGeneration: 1.5 })).toMatchInlineSnapshot(`
        422 Invalid: Account.core.platform-mesh.io "status" is invalid:
        - FieldValueTypeInvalid: status.observedGeneration: Invalid value: "number": observedGeneration in body must be of type integer: "number"
        {group: core.platform-mesh.io, kind: Account, name: status}
      `);
    });
    test("a text is no integer", async () => {
      expect(await status({ observedGeneration: "1" })).toMatchInlineSnapshot(`
        422 Invalid: Account.core.platform-mesh.io "status" is invalid:
        - FieldValueTypeInvalid: status.observedGeneration: Invalid value: "string": observedGeneration in body must be of type integer: "string"
        {group: core.platform-mesh.io, kind: Account, name: status}
      `);
    });
    test("items of a keyed list are unique by their key", async () => {
      expect(await status({ conditions: [condition("Ready"), condition("Ready")] })).toMatchInlineSnapshot(`
        422 Invalid: Account.core.platform-mesh.io "status" is invalid:
        - FieldValueDuplicate: status.conditions[1]: Duplicate value: {"type":"Ready"}
        {group: core.platform-mesh.io, kind: Account, name: status}
      `);
    });
    test("a valid one is stored", async () => {
      const answer = await status({ phase: "Ready", observedGeneration: 1, conditions: [condition("Ready")] });
      expect(answer.only("status")).toMatchInlineSnapshot(`
        200
        status:
          conditions:
            - {lastTransitionTime: '<time>', message: '', reason: Done, status: 'True', type: Ready}
          observedGeneration: 1
          phase: Ready
      `);
    });
  });
}

import { describe, expect, test } from "vitest";
import { eventually } from "../eventually.ts";
import { account, clusterRole, configMap } from "../objects.ts";
import { accounts, configMaps, room } from "../world.ts";

export function metadataCases(): void {
  const home = room("metadata");
  const create = (name: string, metadata: object = {}) => home.api().post(accounts, account(name, {}, { ...metadata }));

  describe("what the server fills in", () => {
    test("a new object has uid, version, generation, time and the managers of its fields", async () => {
      expect((await create("new")).whole()).toMatchInlineSnapshot(`
        201
        apiVersion: core.platform-mesh.io/v1alpha1
        kind: Account
        metadata:
          annotations:
            kcp.io/cluster: <id of metadata>
          creationTimestamp: '<time>'
          generation: 1
          managedFields:
            - {apiVersion: core.platform-mesh.io/v1alpha1, fieldsType: FieldsV1, fieldsV1: {f:spec: {.: {}, f:displayName: {}, f:type: {}}}, manager: conformance, operation: Update, time: '<time>'}
          name: new
          resourceVersion: '<version>'
          uid: <uid>
        spec:
          displayName: new
          type: account
      `);
    });
    test("what a client puts there is not taken over", async () => {
      const given = { uid: "mine", resourceVersion: "", generation: 7, creationTimestamp: "2001-01-01T00:00:00Z" };
      const { metadata } = (await create("given", given)).body as { metadata: Record<string, unknown> };
      expect(metadata).toMatchObject({ generation: 1, uid: expect.stringMatching(/^[0-9a-f-]{36}$/) });
      expect(metadata.creationTimestamp).not.toBe(given.creationTimestamp);
    });
    test("a new object may not name its resourceVersion", async () => {
      expect(await create("versioned", { resourceVersion: "1" })).toMatchInlineSnapshot(
        `500 resourceVersion should not be set on objects to be created`,
      );
    });
    test("deletionTimestamp of a new object is dropped", async () => {
      const answer = await create("undeleted", { deletionTimestamp: "2001-01-01T00:00:00Z" });
      expect(answer).toMatchInlineSnapshot(`
        201
        apiVersion: core.platform-mesh.io/v1alpha1
        kind: Account
        metadata:
          generation: 1
          name: undeleted
        spec:
          displayName: undeleted
          type: account
      `);
    });
    test("a new object in a namespace", async () => {
      expect((await home.api().post(configMaps, configMap("new"))).whole()).toMatchInlineSnapshot(`
        201
        apiVersion: v1
        data:
          key: value
        kind: ConfigMap
        metadata:
          annotations:
            kcp.io/cluster: <id of metadata>
          creationTimestamp: '<time>'
          managedFields:
            - {apiVersion: v1, fieldsType: FieldsV1, fieldsV1: {f:data: {.: {}, f:key: {}}}, manager: conformance, operation: Update, time: '<time>'}
          name: new
          namespace: default
          resourceVersion: '<version>'
          uid: <uid>
      `);
    });
    test("generation counts changes of the spec, and of nothing else", async () => {
      await create("counted");
      const generation = async (change: object, sub = "") =>
        (await home.api().patch(`${accounts}/counted${sub}`, change)).at("metadata", "generation");
      expect([
        await generation({ metadata: { labels: { a: "b" } } }),
        await generation({ spec: { description: "one" } }),
        await generation({ status: { phase: "Ready" } }, "/status"),
        await generation({ spec: { description: "two" } }),
      ]).toEqual([1, 2, 2, 3]);
    });
    test("a write that changes nothing keeps the resourceVersion", async () => {
      await create("same");
      // The first write to an object of a real kcp is always one: it stores where the object is.
      const before = await home.api().patch(`${accounts}/same`, {});
      const after = await home.api().patch(`${accounts}/same`, { spec: { type: "account" } });
      expect(after.at("metadata", "resourceVersion")).toBe(before.at("metadata", "resourceVersion"));
    });
    test("every change has a greater resourceVersion", async () => {
      const before = await create("greater");
      const after = await home.api().patch(`${accounts}/greater`, { spec: { description: "x" } });
      const versions = [before, after].map((answer) => Number(answer.at("metadata", "resourceVersion")));
      expect(versions[1]).toBeGreaterThan(versions[0] ?? 0);
    });
    test("generateName completes a name", async () => {
      const { metadata: _metadata, ...rest } = account("x");
      const answer = await home.api().post(accounts, { ...rest, metadata: { generateName: "made-" } });
      expect(answer.code).toBe(201);
      expect(answer.text("metadata", "name")).toMatch(/^made-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
      expect(answer.at("metadata", "generateName")).toBe("made-");
    });
    test("generateName of an object with a name is only kept", async () => {
      expect(await create("named", { generateName: "made-" })).toMatchInlineSnapshot(`
        201
        apiVersion: core.platform-mesh.io/v1alpha1
        kind: Account
        metadata:
          generateName: made-
          generation: 1
          name: named
        spec:
          displayName: named
          type: account
      `);
    });
    test("a native object has no generation", async () => {
      await home.api().post(configMaps, configMap("plain"));
      expect((await home.api().get(`${configMaps}/plain`)).at("metadata", "generation")).toBeNull();
    });
  });

  describe("names", () => {
    const refused: readonly (readonly [string, string])[] = [
      ["upper case", "Acme"],
      ["an underscore", "a_b"],
      ["a leading dash", "-a"],
      ["a trailing dot", "a."],
      ["a space", "a b"],
      ["more than 253 characters", "a".repeat(254)],
    ];
    test.each(refused)("%s is refused", async (_what, name) => {
      const answer = await create(name);
      expect(answer.code).toBe(422);
      expect(answer.at("message")).toBe(
        `Account.core.platform-mesh.io "${name}" is invalid: metadata.name: Invalid value: "${name}": ${name.length > 253 ? tooLong : subdomain}`,
      );
    });
    const subdomain =
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
    const tooLong = "must be no more than 253 characters";

    test("a dot and a digit in front are allowed", async () => {
      expect((await create("1.a-b")).code).toBe(201);
    });
    test("none is refused", async () => {
      const { metadata: _metadata, ...rest } = account("x");
      expect(await home.api().post(accounts, { ...rest, metadata: {} })).toMatchInlineSnapshot(`
        422 Invalid: Account.core.platform-mesh.io "" is invalid:
        - FieldValueRequired: metadata.name: Required value: name or generateName is required
        {group: core.platform-mesh.io, kind: Account}
      `);
    });
    test("a namespace is a label", async () => {
      const space = { apiVersion: "v1", kind: "Namespace", metadata: { name: "a.b" } };
      expect(await home.api().post("/api/v1/namespaces", space)).toMatchInlineSnapshot(`
        422 Invalid: Namespace "a.b" is invalid:
        - FieldValueInvalid: metadata.name: Invalid value: "a.b": must not contain dots
        {kind: Namespace, name: a.b}
      `);
    });
    test("a role may have a colon, but no slash", async () => {
      const path = "/apis/rbac.authorization.k8s.io/v1/clusterroles";
      expect((await home.api().post(path, clusterRole("a:b"))).code).toBe(201);
      expect(await home.api().post(path, clusterRole("a/b"))).toMatchInlineSnapshot(`
        422 Invalid: ClusterRole.rbac.authorization.k8s.io "a/b" is invalid:
        - FieldValueInvalid: metadata.name: Invalid value: "a/b": may not contain '/'
        {group: rbac.authorization.k8s.io, kind: ClusterRole, name: a/b}
      `);
    });
    test("a config map is named as an object is", async () => {
      expect(await home.api().post(configMaps, configMap("Big"))).toMatchInlineSnapshot(`
        422 Invalid: ConfigMap "Big" is invalid:
        - FieldValueInvalid: metadata.name: Invalid value: "Big": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')
        {kind: ConfigMap, name: Big}
      `);
    });
    test("a name that is taken", async () => {
      await create("taken");
      expect(await create("taken")).toMatchInlineSnapshot(`
        409 AlreadyExists: accounts.core.platform-mesh.io "taken" already exists
        {group: core.platform-mesh.io, kind: accounts, name: taken}
      `);
    });
  });

  describe("labels and annotations", () => {
    test("a label's key is checked", async () => {
      expect(await create("bad-1", { labels: { "no key": "x" } })).toMatchInlineSnapshot(`
        422 Invalid: Account.core.platform-mesh.io "bad-1" is invalid:
        - FieldValueInvalid: metadata.labels: Invalid value: "no key": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')
        {group: core.platform-mesh.io, kind: Account, name: bad-1}
      `);
    });
    test("a label's value is checked", async () => {
      expect(await create("bad-2", { labels: { key: "no value!" } })).toMatchInlineSnapshot(`
        422 Invalid: Account.core.platform-mesh.io "bad-2" is invalid:
        - FieldValueInvalid: metadata.labels: Invalid value: "no value!": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')
        {group: core.platform-mesh.io, kind: Account, name: bad-2}
      `);
    });
    test("a label's value is at most 63 characters long", async () => {
      expect(await create("bad-3", { labels: { key: "x".repeat(64) } })).toMatchInlineSnapshot(`
        422 Invalid: Account.core.platform-mesh.io "bad-3" is invalid:
        - FieldValueInvalid: metadata.labels: Invalid value: "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx": must be no more than 63 bytes
        {group: core.platform-mesh.io, kind: Account, name: bad-3}
      `);
    });
    test("a label is a text", async () => {
      expect(await create("bad-4", { labels: { key: 1 } })).toMatchInlineSnapshot(
        `400 BadRequest: Account in version "v1alpha1" cannot be handled as a Account: json: cannot unmarshal number into Go struct field ObjectMeta.labels of type string`,
      );
    });
    test("an annotation's key is checked", async () => {
      expect(await create("bad-5", { annotations: { "a/b/c": "x" } })).toMatchInlineSnapshot(`
        422 Invalid: Account.core.platform-mesh.io "bad-5" is invalid:
        - FieldValueInvalid: metadata.annotations: Invalid value: "a/b/c": a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')
        {group: core.platform-mesh.io, kind: Account, name: bad-5}
      `);
    });
    test("an annotation may hold anything", async () => {
      const answer = await create("annotated", { annotations: { "example.io/a": 'any "thing"\n' } });
      expect(answer.only("metadata.annotations")).toMatchInlineSnapshot(`
        201
        metadata.annotations:
          example.io/a: |
            any "thing"
          kcp.io/cluster: <id of metadata>
      `);
    });
    test("annotations hold 256 KiB together", async () => {
      expect(await create("bad-6", { annotations: { big: "x".repeat(262_144) } })).toMatchInlineSnapshot(`
        422 Invalid: Account.core.platform-mesh.io "bad-6" is invalid:
        - FieldValueTooLong: metadata.annotations: Too long: may not be more than 262144 bytes
        {group: core.platform-mesh.io, kind: Account, name: bad-6}
      `);
    });
    test("a finalizer has a name with a slash", async () => {
      expect(await create("bad-7", { finalizers: ["no finalizer"] })).toMatchInlineSnapshot(`
        422 Invalid: Account.core.platform-mesh.io "bad-7" is invalid:
        - FieldValueInvalid: metadata.finalizers: Invalid value: "no finalizer": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')
        {group: core.platform-mesh.io, kind: Account, name: bad-7}
      `);
    });
    test("an owner reference needs all four", async () => {
      expect(await create("bad-8", { ownerReferences: [{ name: "x" }] })).toMatchInlineSnapshot(`
        422 Invalid: Account.core.platform-mesh.io "bad-8" is invalid:
        - FieldValueInvalid: metadata.ownerReferences.apiVersion: Invalid value: "": version must not be empty
        - FieldValueInvalid: metadata.ownerReferences.kind: Invalid value: "": must not be empty
        - FieldValueInvalid: metadata.ownerReferences.uid: Invalid value: "": must not be empty
        {group: core.platform-mesh.io, kind: Account, name: bad-8}
      `);
    });
    test("only one owner may be the controller", async () => {
      const owner = { apiVersion: "v1", kind: "ConfigMap", controller: true };
      const ownerReferences = ["one", "two"].map((name) => ({ ...owner, name, uid: name }));
      expect(await create("bad-9", { ownerReferences })).toMatchInlineSnapshot(`
        422 Invalid: Account.core.platform-mesh.io "bad-9" is invalid:
        - FieldValueInvalid: metadata.ownerReferences: Invalid value: [{"apiVersion":"v1","kind":"ConfigMap","name":"one","uid":"one","controller":true},{"apiVersion":"v1","kind":"ConfigMap","name":"two","uid":"two","controller":true}]: Only one reference can have Controller set to true. Found "true" in references for ConfigMap/one and ConfigMap/two
        {group: core.platform-mesh.io, kind: Account, name: bad-9}
      `);
    });
  });

  describe("updates", () => {
    const update = async (name: string, change: (body: Record<string, never>) => unknown, query = "") => {
      await create(name);
      const before = await home.api().get(`${accounts}/${name}`);
      const body = JSON.parse(JSON.stringify(before.body));
      return home.api().put(`${accounts}/${name}${query}`, { ...body, ...Object(change(body)) });
    };
    test("an update needs a resourceVersion", async () => {
      await create("unversioned");
      expect(await home.api().put(`${accounts}/unversioned`, account("unversioned"))).toMatchInlineSnapshot(`
        422 Invalid: accounts.core.platform-mesh.io "unversioned" is invalid:
        - FieldValueInvalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update
        {group: core.platform-mesh.io, kind: accounts, name: unversioned}
      `);
    });
    test("an update of a native object needs none", async () => {
      await home.api().post(configMaps, configMap("free"));
      const answer = await home.api().put(`${configMaps}/free`, configMap("free", { other: "1" }));
      expect(answer).toMatchInlineSnapshot(`
        200
        apiVersion: v1
        data:
          other: '1'
        kind: ConfigMap
        metadata:
          name: free
          namespace: default
      `);
    });
    test("an old resourceVersion is a conflict", async () => {
      await create("old");
      const { body } = await home.api().get(`${accounts}/old`);
      await home.api().patch(`${accounts}/old`, { spec: { description: "newer" } });
      expect(await home.api().put(`${accounts}/old`, body)).toMatchInlineSnapshot(`
        409 Conflict: Operation cannot be fulfilled on accounts.core.platform-mesh.io "old": the object has been modified; please apply your changes to the latest version and try again
        {group: core.platform-mesh.io, kind: accounts, name: old}
      `);
    });
    test("a resourceVersion that is none", async () => {
      const answer = await update("strange", ({ metadata }) => ({
        metadata: { ...Object(metadata), resourceVersion: "x" },
      }));
      expect(answer).toMatchInlineSnapshot(`500 strconv.ParseUint: parsing "x": invalid syntax`);
    });
    test("a patch with an old resourceVersion is a conflict", async () => {
      await create("patched");
      const answer = await home.api().patch(`${accounts}/patched`, { metadata: { resourceVersion: "1" } });
      expect(answer).toMatchInlineSnapshot(`
        409 Conflict: Operation cannot be fulfilled on accounts.core.platform-mesh.io "patched": the object has been modified; please apply your changes to the latest version and try again
        {group: core.platform-mesh.io, kind: accounts, name: patched}
      `);
    });
    test("another uid is a conflict", async () => {
      const answer = await update("other", ({ metadata }) => ({
        metadata: { ...Object(metadata), uid: "00000000-0000-0000-0000-000000000000" },
      }));
      expect(answer).toMatchInlineSnapshot(`
        409 Conflict: Operation cannot be fulfilled on accounts.core.platform-mesh.io "other": StorageError: invalid object, Code: 4, Key: /registry/core.platform-mesh.io/accounts/<hash>/<id of metadata>/other, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: <uid>, UID in object meta: <uid>
        {group: core.platform-mesh.io, kind: accounts, name: other}
      `);
    });
    test("the name is that of the URL", async () => {
      const answer = await update("url", ({ metadata }) => ({ metadata: { ...Object(metadata), name: "else" } }));
      expect(answer).toMatchInlineSnapshot(
        `400 BadRequest: the name of the object (else) does not match the name on the URL (url)`,
      );
    });
    test("the creation time cannot be changed", async () => {
      const answer = await update("time", ({ metadata }) => ({
        metadata: { ...Object(metadata), creationTimestamp: "2001-01-01T00:00:00Z" },
      }));
      expect(answer).toMatchInlineSnapshot(`
        200
        apiVersion: core.platform-mesh.io/v1alpha1
        kind: Account
        metadata:
          generation: 1
          name: time
        spec:
          displayName: time
          type: account
      `);
    });
    test("a deletion cannot be declared by an update", async () => {
      const answer = await update("declared", ({ metadata }) => ({
        metadata: { ...Object(metadata), deletionTimestamp: "2001-01-01T00:00:00Z" },
      }));
      expect(answer).toMatchInlineSnapshot(`
        422 Invalid: Account.core.platform-mesh.io "declared" is invalid:
        - FieldValueInvalid: metadata.deletionTimestamp: Invalid value: "<time>": field is immutable
        - FieldValueInvalid: metadata.deletionTimestamp: Invalid value: "<time>": field is immutable
        {group: core.platform-mesh.io, kind: Account, name: declared}
      `);
    });
    test("the main resource leaves status alone", async () => {
      const answer = await update("mainly", () => ({ status: { phase: "Ready" } }));
      expect(answer.at("status")).toBeNull();
    });
    test("status leaves the spec alone, and labels too", async () => {
      const answer = await update(
        "statusly",
        ({ metadata }) => ({
          metadata: { ...Object(metadata), labels: { a: "b" } },
          spec: { displayName: "other", type: "org" },
          status: { phase: "Ready" },
        }),
        "/status",
      );
      expect(answer).toMatchInlineSnapshot(`
        200
        apiVersion: core.platform-mesh.io/v1alpha1
        kind: Account
        metadata:
          generation: 1
          name: statusly
        spec:
          displayName: statusly
          type: account
        status:
          phase: Ready
      `);
    });
    test("status of a new object is dropped", async () => {
      const answer = await home.api().post(accounts, { ...account("stateless"), status: { phase: "Ready" } });
      expect(answer.at("status")).toBeNull();
    });
    test("status can be read by itself", async () => {
      await create("read");
      expect(await home.api().get(`${accounts}/read/status`)).toMatchInlineSnapshot(`
        200
        apiVersion: core.platform-mesh.io/v1alpha1
        kind: Account
        metadata:
          generation: 1
          name: read
        spec:
          displayName: read
          type: account
      `);
    });
    test("status cannot be created", async () => {
      await create("read");
      expect(await home.api().post(`${accounts}/read/status`, account("read"))).toMatchInlineSnapshot(`
        405 MethodNotAllowed: create is not supported on resources of kind "accounts.core.platform-mesh.io"
        {group: core.platform-mesh.io, kind: accounts}
      `);
    });
    test("what does not exist cannot be updated", async () => {
      const body = account("absent", {}, { resourceVersion: "1" });
      expect(await home.api().put(`${accounts}/absent`, body)).toMatchInlineSnapshot(`
        404 NotFound: accounts.core.platform-mesh.io "absent" not found
        {group: core.platform-mesh.io, kind: accounts, name: absent}
      `);
    });
    test("what does not exist cannot be updated, with no version either", async () => {
      expect(await home.api().put(`${accounts}/absent`, account("absent"))).toMatchInlineSnapshot(`
        404 NotFound: accounts.core.platform-mesh.io "absent" not found
        {group: core.platform-mesh.io, kind: accounts, name: absent}
      `);
    });
    test("a native object is created by an update", async () => {
      expect((await home.api().put(`${configMaps}/upserted`, configMap("upserted"))).code).toMatchInlineSnapshot(`404`);
    });
    test("a label that is taken away is gone", async () => {
      await create("labelled", { labels: { a: "1", b: "2" } });
      await home.api().patch(`${accounts}/labelled`, { metadata: { labels: { a: null } } });
      await eventually(async () => {
        expect((await home.api().get(`${accounts}/labelled`)).at("metadata", "labels")).toEqual({ b: "2" });
      });
    });
  });

  describe("managed fields", () => {
    const managers = async (name: string) =>
      ((await home.api().get(`${accounts}/${name}`)).at("metadata", "managedFields") as readonly unknown[]).length;
    test("the manager is named by fieldManager", async () => {
      const answer = await home.api().post(`${accounts}?fieldManager=me`, account("managed"));
      expect(answer.at("metadata", "managedFields", 0, "manager")).toBe("me");
    });
    test("else it is what the user agent begins with", async () => {
      const answer = await home.api().post(accounts, account("agent"), { agent: "someone/v2 (linux)" });
      expect(answer.at("metadata", "managedFields", 0, "manager")).toBe("someone");
    });
    test("a fieldManager of more than 128 characters is refused", async () => {
      const answer = await home.api().post(`${accounts}?fieldManager=${"x".repeat(129)}`, account("a"));
      expect(answer).toMatchInlineSnapshot(`
        422 Invalid: CreateOptions.meta.k8s.io "" is invalid:
        - FieldValueTooLong: fieldManager: Too long: may not be more than 128 bytes
        {group: meta.k8s.io, kind: CreateOptions}
      `);
    });
    test("writers of the same fields follow each other", async () => {
      await home.api().post(`${accounts}?fieldManager=one`, account("followed", { description: "one" }));
      const path = `${accounts}/followed?fieldManager=two`;
      const answer = await home.api().patch(path, { spec: { description: "two" } });
      expect(answer.only("metadata.managedFields")).toMatchInlineSnapshot(`
        200
        metadata.managedFields:
          - apiVersion: core.platform-mesh.io/v1alpha1
            fieldsType: FieldsV1
            fieldsV1: {f:spec: {.: {}, f:displayName: {}, f:type: {}}}
            manager: one
            operation: Update
            time: '<time>'
          - apiVersion: core.platform-mesh.io/v1alpha1
            fieldsType: FieldsV1
            fieldsV1: {f:spec: {f:description: {}}}
            manager: two
            operation: Update
            time: '<time>'
      `);
    });
    test("status has an entry of its own", async () => {
      await create("apart");
      const answer = await home.api().patch(`${accounts}/apart/status?fieldManager=me`, { status: { phase: "Ready" } });
      expect(answer.only("metadata.managedFields")).toMatchInlineSnapshot(`
        200
        metadata.managedFields:
          - apiVersion: core.platform-mesh.io/v1alpha1
            fieldsType: FieldsV1
            fieldsV1: {f:spec: {.: {}, f:displayName: {}, f:type: {}}}
            manager: conformance
            operation: Update
            time: '<time>'
          - apiVersion: core.platform-mesh.io/v1alpha1
            fieldsType: FieldsV1
            fieldsV1: {f:status: {.: {}, f:phase: {}}}
            manager: me
            operation: Update
            subresource: status
            time: '<time>'
      `);
    });
    test("an empty list of them forgets all", async () => {
      await create("forgotten");
      await home.api().patch(`${accounts}/forgotten`, { metadata: { managedFields: [{}] } });
      expect((await home.api().get(`${accounts}/forgotten`)).at("metadata", "managedFields")).toBeNull();
    });
    test("labels, annotations and finalizers have owners", async () => {
      const metadata = { labels: { a: "b" }, annotations: { c: "d" }, finalizers: ["e.io/f"] };
      const answer = await create("owned", metadata);
      expect(answer.only("metadata.managedFields")).toMatchInlineSnapshot(`
        201
        metadata.managedFields:
          - apiVersion: core.platform-mesh.io/v1alpha1
            fieldsType: FieldsV1
            fieldsV1: {f:metadata: {f:annotations: {.: {}, f:c: {}}, f:finalizers: {.: {}, v:"e.io/f": {}}, f:labels: {.: {}, f:a: {}}}, f:spec: {.: {}, f:displayName: {}, f:type: {}}}
            manager: conformance
            operation: Update
            time: '<time>'
      `);
      expect(await managers("owned")).toBe(1);
    });
  });

  describe("dry run", () => {
    const path = (name: string) => `${accounts}/${name}?dryRun=All`;
    test("of a create stores nothing", async () => {
      const answer = await home.api().post(`${accounts}?dryRun=All`, account("tried"));
      expect(answer.whole()).toMatchInlineSnapshot(`
        201
        apiVersion: core.platform-mesh.io/v1alpha1
        kind: Account
        metadata:
          creationTimestamp: '<time>'
          generation: 1
          managedFields:
            - {apiVersion: core.platform-mesh.io/v1alpha1, fieldsType: FieldsV1, fieldsV1: {f:spec: {.: {}, f:displayName: {}, f:type: {}}}, manager: conformance, operation: Update, time: '<time>'}
          name: tried
          uid: <uid>
        spec:
          displayName: tried
          type: account
      `);
      expect((await home.api().get(`${accounts}/tried`)).code).toBe(404);
    });
    test("of a patch stores nothing", async () => {
      const before = await create("dry");
      const answer = await home.api().patch(path("dry"), { spec: { description: "x" } });
      expect(answer).toMatchInlineSnapshot(`
        200
        apiVersion: core.platform-mesh.io/v1alpha1
        kind: Account
        metadata:
          generation: 2
          name: dry
        spec:
          description: x
          displayName: dry
          type: account
      `);
      expect(answer.at("metadata", "resourceVersion")).toBe(before.at("metadata", "resourceVersion"));
      expect((await home.api().get(`${accounts}/dry`)).at("spec", "description")).toBeNull();
    });
    test("of an invalid object says what is wrong", async () => {
      const answer = await home.api().post(`${accounts}?dryRun=All`, account("tried", { type: 1 }));
      expect(answer).toMatchInlineSnapshot(`
        422 Invalid: Account.core.platform-mesh.io "tried" is invalid:
        - FieldValueTypeInvalid: spec.type: Invalid value: "integer": spec.type in body must be of type string: "integer"
        {group: core.platform-mesh.io, kind: Account, name: tried}
      `);
    });
    test("of a delete deletes nothing", async () => {
      await create("alive");
      expect(await home.api().delete(path("alive"))).toMatchInlineSnapshot(`
        200
        {group: core.platform-mesh.io, kind: accounts, name: alive, uid: <uid>}
      `);
      expect((await home.api().get(`${accounts}/alive`)).code).toBe(200);
    });
    test("of a delete with a finalizer does not mark it", async () => {
      await create("unmarked", { finalizers: ["example.io/held"] });
      expect((await home.api().delete(path("unmarked"))).code).toBe(200);
      expect((await home.api().get(`${accounts}/unmarked`)).at("metadata", "deletionTimestamp")).toBeNull();
    });
    test("of an existing name is a conflict", async () => {
      await create("there");
      expect((await home.api().post(`${accounts}?dryRun=All`, account("there"))).code).toBe(409);
    });
    test("has one value", async () => {
      expect(await home.api().post(`${accounts}?dryRun=Some`, account("x"))).toMatchInlineSnapshot(`
        422 Invalid: CreateOptions.meta.k8s.io "" is invalid:
        - FieldValueNotSupported: dryRun: Unsupported value: ["Some"]: supported values: "All"
        {group: meta.k8s.io, kind: CreateOptions}
      `);
    });
    test("in the options of a delete", async () => {
      await create("option");
      expect((await home.api().delete(`${accounts}/option`, { dryRun: ["All"] })).code).toBe(200);
      expect((await home.api().get(`${accounts}/option`)).code).toBe(200);
    });
  });
}

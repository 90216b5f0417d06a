import { describe, expect, test } from "vitest";
import { eventually } from "../eventually.ts";
import { clusterRole, clusterRoleBinding, configMap } from "../objects.ts";
import { longCase, room } from "../world.ts";

const namespaces = "/api/v1/namespaces";
const secrets = `${namespaces}/default/secrets`;
const configMaps = `${namespaces}/default/configmaps`;
const leases = "/apis/coordination.k8s.io/v1/namespaces/default/leases";
const events = `${namespaces}/default/events`;
const rbac = "/apis/rbac.authorization.k8s.io/v1";

export function nativeCases(): void {
  const home = room("native");
  const post = (path: string, body: unknown) => home.api().post(path, body);
  const namespace = (name: string) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } });

  describe("namespaces", () => {
    test("are Active, with a label of their name", async () => {
      expect(await post(namespaces, namespace("new"))).toMatchInlineSnapshot(`
        201
        apiVersion: v1
        kind: Namespace
        metadata:
          labels:
            kubernetes.io/metadata.name: new
          name: new
        spec:
          finalizers:
            - kubernetes
        status:
          phase: Active
      `);
    });
    longCase("take everything along", async () => {
      await post(namespaces, namespace("full"));
      await post(`${namespaces}/full/configmaps`, configMap("inside"));
      const answer = await home.api().delete(`${namespaces}/full`);
      expect([answer.code, answer.at("status"), answer.at("spec")]).toEqual([
        200,
        { phase: "Terminating" },
        { finalizers: ["kubernetes"] },
      ]);
      await eventually(async () => expect((await home.api().get(`${namespaces}/full`)).code).toBe(404));
      expect((await home.api().get(`${namespaces}/full/configmaps/inside`)).code).toBe(404);
    });
    longCase("that are being deleted take nothing new", async () => {
      await post(namespaces, namespace("closing"));
      await post(`${namespaces}/closing/configmaps`, configMap("held", {}, { finalizers: ["example.io/held"] }));
      await home.api().delete(`${namespaces}/closing`);
      let tries = 0;
      // kcp looks into a cache, which learns of the deletion a moment later.
      await eventually(async () => {
        const name = `late-${++tries}`;
        const answer = await post(`${namespaces}/closing/configmaps`, configMap(name));
        const why = "unable to create new content in namespace closing because it is being terminated";
        expect([answer.code, answer.at("message")]).toEqual([403, `configmaps "${name}" is forbidden: ${why}`]);
        expect(answer.at("details", "causes")).toEqual([
          {
            reason: "NamespaceTerminating",
            message: "namespace closing is being terminated",
            field: "metadata.namespace",
          },
        ]);
      });
      await home.api().patch(`${namespaces}/closing/configmaps/held`, { metadata: { finalizers: null } });
      await eventually(async () => expect((await home.api().get(`${namespaces}/closing`)).code).toBe(404));
    });
    test("default may not be deleted", async () => {
      expect(await home.api().delete(`${namespaces}/default`)).toMatchInlineSnapshot(`
        403 Forbidden: namespaces "default" is forbidden: this namespace may not be deleted
        {kind: namespaces, name: default}
      `);
    });
    test("are finalized by themselves", async () => {
      await post(namespaces, namespace("final"));
      const answer = await home
        .api()
        .put(`${namespaces}/final/finalize`, { ...namespace("final"), spec: { finalizers: ["kubernetes"] } });
      expect(answer.only("spec")).toMatchInlineSnapshot(`
        200
        spec:
          finalizers:
            - kubernetes
      `);
    });
  });

  describe("config maps", () => {
    test("hold text and bytes", async () => {
      const body = { ...configMap("both", { a: "1" }), binaryData: { b: "AAE=" } };
      expect((await post(configMaps, body)).only("data", "binaryData")).toMatchInlineSnapshot(`
        201
        binaryData:
          b: AAE=
        data:
          a: '1'
      `);
    });
    test("that are immutable do not change", async () => {
      await post(configMaps, { ...configMap("fixed"), immutable: true });
      expect(await home.api().patch(`${configMaps}/fixed`, { data: { key: "other" } })).toMatchInlineSnapshot(`
        422 Invalid: ConfigMap "fixed" is invalid:
        - FieldValueForbidden: data: Forbidden: field is immutable when \`immutable\` is set
        {kind: ConfigMap, name: fixed}
      `);
    });
    test("have keys of a kind", async () => {
      expect(await post(configMaps, configMap("keys", { "no key!": "x" }))).toMatchInlineSnapshot(`
        422 Invalid: ConfigMap "keys" is invalid:
        - FieldValueInvalid: data[no key!]: Invalid value: "no key!": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')
        {kind: ConfigMap, name: keys}
      `);
    });
    test("drop unknown fields with a warning", async () => {
      expect(await post(configMaps, { ...configMap("unknown"), shoe: 1 })).toMatchInlineSnapshot(`
        201
        apiVersion: v1
        data:
          key: value
        kind: ConfigMap
        metadata:
          name: unknown
          namespace: default
        warning: 299 - "unknown field \\"shoe\\""
      `);
    });
    test("refuse unknown fields with fieldValidation=Strict", async () => {
      expect(
        await post(`${configMaps}?fieldValidation=Strict`, { ...configMap("strict"), shoe: 1 }),
      ).toMatchInlineSnapshot(
        `400 BadRequest: ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "shoe"`,
      );
    });
    test("bytes that are no base64", async () => {
      expect(await post(configMaps, { ...configMap("bytes"), binaryData: { b: "!" } })).toMatchInlineSnapshot(
        `400 BadRequest: ConfigMap in version "v1" cannot be handled as a ConfigMap: illegal base64 data at input byte 0`,
      );
    });
  });

  describe("secrets", () => {
    const secret = (name: string, more: object = {}) => ({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name },
      ...more,
    });
    test("are Opaque unless they say otherwise", async () => {
      expect(await post(secrets, secret("plain", { data: { a: "MQ==" } }))).toMatchInlineSnapshot(`
        201
        apiVersion: v1
        data:
          a: MQ==
        kind: Secret
        metadata:
          name: plain
          namespace: default
        type: Opaque
      `);
    });
    test("take plain text and store it encoded", async () => {
      expect(await post(secrets, secret("text", { stringData: { a: "one" } }))).toMatchInlineSnapshot(`
        201
        apiVersion: v1
        data:
          a: b25l
        kind: Secret
        metadata:
          name: text
          namespace: default
        type: Opaque
      `);
    });
    test("keep their type", async () => {
      await post(secrets, secret("typed"));
      expect(await home.api().patch(`${secrets}/typed`, { type: "other" })).toMatchInlineSnapshot(`
        422 Invalid: Secret "typed" is invalid:
        - FieldValueInvalid: type: Invalid value: "other": field is immutable
        {kind: Secret, name: typed}
      `);
    });
    test("take no text that is not encoded", async () => {
      expect(await post(secrets, secret("coded", { data: { a: "not encoded!" } }))).toMatchInlineSnapshot(
        `400 BadRequest: Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte 3`,
      );
    });
    test("that are immutable do not change", async () => {
      await post(secrets, secret("fixed", { immutable: true }));
      expect(await home.api().patch(`${secrets}/fixed`, { stringData: { a: "b" } })).toMatchInlineSnapshot(`
        422 Invalid: Secret "fixed" is invalid:
        - FieldValueForbidden: data: Forbidden: field is immutable when \`immutable\` is set
        {kind: Secret, name: fixed}
      `);
    });
  });

  describe("leases", () => {
    const lease = (name: string, spec: object) => ({
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: { name },
      spec,
    });
    test("hold times with microseconds", async () => {
      const spec = {
        holderIdentity: "me",
        leaseDurationSeconds: 15,
        renewTime: "2026-01-01T00:00:00.000000Z",
        leaseTransitions: 1,
      };
      expect((await post(leases, lease("held", spec))).code).toBe(201);
      expect(
        (await home.api().get(`${leases}/held`)).only("spec.holderIdentity", "spec.leaseDurationSeconds"),
      ).toMatchInlineSnapshot(`
        200
        spec.holderIdentity: me
        spec.leaseDurationSeconds: 15
      `);
    });
    test("last longer than nothing", async () => {
      expect(await post(leases, lease("short", { leaseDurationSeconds: 0 }))).toMatchInlineSnapshot(`
        422 Invalid: Lease.coordination.k8s.io "short" is invalid:
        - FieldValueInvalid: spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0
        {group: coordination.k8s.io, kind: Lease, name: short}
      `);
    });
    test("are taken by one of two", async () => {
      const made = await post(leases, lease("taken", { holderIdentity: "one" }));
      const metadata = { name: "taken", resourceVersion: made.text("metadata", "resourceVersion") };
      const take = (holderIdentity: string) =>
        home.api().put(`${leases}/taken`, { ...lease("taken", { holderIdentity }), metadata });
      const answers = [await take("two"), await take("three")];
      expect(answers.map(({ code }) => code)).toEqual([200, 409]);
    });
  });

  describe("events", () => {
    const event = (name: string, more: object = {}) => ({
      apiVersion: "v1",
      kind: "Event",
      metadata: { name },
      involvedObject: { kind: "Account", name: "a", namespace: "default" },
      reason: "Tested",
      type: "Normal",
      ...more,
    });
    test("are stored as given", async () => {
      expect(
        await post(events, event("given", { count: 1, firstTimestamp: "2026-01-01T00:00:00Z" })),
      ).toMatchInlineSnapshot(`
        201
        apiVersion: v1
        count: 1
        eventTime: null
        firstTimestamp: '<time>'
        involvedObject:
          kind: Account
          name: a
          namespace: default
        kind: Event
        lastTimestamp: null
        metadata:
          name: given
          namespace: default
        reason: Tested
        reportingComponent: ''
        reportingInstance: ''
        source: {}
        type: Normal
      `);
    });
    test("are in the namespace of what they are about", async () => {
      const about = { kind: "Account", name: "a", namespace: "other" };
      expect(await post(events, event("elsewhere", { involvedObject: about }))).toMatchInlineSnapshot(`
        422 Invalid: Event "elsewhere" is invalid:
        - FieldValueInvalid: involvedObject.namespace: Invalid value: "other": does not match event.namespace
        {kind: Event, name: elsewhere}
      `);
    });
    test("about what has no namespace are in default", async () => {
      expect((await post(events, event("wide", { involvedObject: { kind: "Account", name: "a" } }))).code).toBe(201);
    });
  });

  describe("roles", () => {
    const roles = `${rbac}/clusterroles`;
    const bindings = `${rbac}/clusterrolebindings`;
    test("need verbs and resources", async () => {
      expect(await post(roles, clusterRole("empty", { apiGroups: [""] }))).toMatchInlineSnapshot(`
        422 Invalid: ClusterRole.rbac.authorization.k8s.io "empty" is invalid:
        - FieldValueRequired: rules[0].resources: Required value: resource rules must supply at least one resource
        - FieldValueRequired: rules[0].verbs: Required value: verbs must contain at least one value
        {group: rbac.authorization.k8s.io, kind: ClusterRole, name: empty}
      `);
    });
    test("name paths without resources", async () => {
      expect((await post(roles, clusterRole("paths", { nonResourceURLs: ["/x"], verbs: ["get"] }))).code).toBe(201);
    });
    test("do not name both", async () => {
      const rule = { nonResourceURLs: ["/x"], resources: ["x"], apiGroups: [""], verbs: ["get"] };
      expect(await post(roles, clusterRole("mixed", rule))).toMatchInlineSnapshot(`
        422 Invalid: ClusterRole.rbac.authorization.k8s.io "mixed" is invalid:
        - FieldValueInvalid: rules[0].nonResourceURLs: Invalid value: ["/x"]: rules cannot apply to both regular resources and non-resource URLs
        {group: rbac.authorization.k8s.io, kind: ClusterRole, name: mixed}
      `);
    });
    test("are bound once and for all", async () => {
      await post(bindings, clusterRoleBinding("fixed", "view", "alice"));
      expect(await home.api().patch(`${bindings}/fixed`, { roleRef: { name: "edit" } })).toMatchInlineSnapshot(`
        422 Invalid: ClusterRoleBinding.rbac.authorization.k8s.io "fixed" is invalid:
        - FieldValueInvalid: roleRef: Invalid value: {"APIGroup":"rbac.authorization.k8s.io","Kind":"ClusterRole","Name":"edit"}: cannot change roleRef
        {group: rbac.authorization.k8s.io, kind: ClusterRoleBinding, name: fixed}
      `);
    });
    test("are bound to subjects of a kind", async () => {
      const body = { ...clusterRoleBinding("kinds", "view"), subjects: [{ kind: "Robot", name: "x" }] };
      expect(await post(bindings, body)).toMatchInlineSnapshot(`
        422 Invalid: ClusterRoleBinding.rbac.authorization.k8s.io "kinds" is invalid:
        - FieldValueNotSupported: subjects[0].kind: Unsupported value: "Robot": supported values: "ServiceAccount", "User", "Group"
        {group: rbac.authorization.k8s.io, kind: ClusterRoleBinding, name: kinds}
      `);
    });
    test("are bound to ServiceAccounts of a namespace", async () => {
      const body = { ...clusterRoleBinding("accounts", "view"), subjects: [{ kind: "ServiceAccount", name: "x" }] };
      expect(await post(bindings, body)).toMatchInlineSnapshot(`
        422 Invalid: ClusterRoleBinding.rbac.authorization.k8s.io "accounts" is invalid:
        - FieldValueRequired: subjects[0].namespace: Required value
        {group: rbac.authorization.k8s.io, kind: ClusterRoleBinding, name: accounts}
      `);
    });
    test("are bound by name", async () => {
      const body = { ...clusterRoleBinding("nameless", "view"), roleRef: { kind: "ClusterRole" } };
      expect(await post(bindings, body)).toMatchInlineSnapshot(`
        422 Invalid: ClusterRoleBinding.rbac.authorization.k8s.io "nameless" is invalid:
        - FieldValueRequired: roleRef.name: Required value
        {group: rbac.authorization.k8s.io, kind: ClusterRoleBinding, name: nameless}
      `);
    });
    test("of a namespace are bound in it", async () => {
      const path = `${rbac}/namespaces/default/rolebindings`;
      const body = { ...clusterRoleBinding("local", "view", "alice"), kind: "RoleBinding" };
      expect((await post(path, body)).only("roleRef", "subjects")).toMatchInlineSnapshot(`
        201
        roleRef:
          apiGroup: rbac.authorization.k8s.io
          kind: ClusterRole
          name: view
        subjects:
          - apiGroup: rbac.authorization.k8s.io
            kind: User
            name: alice
      `);
    });
  });
}

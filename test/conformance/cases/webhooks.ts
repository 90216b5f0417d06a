import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../eventually.ts";
import { HookServer } from "../hook-server.ts";
import { callIt } from "../neutral.ts";
import { account, configMap } from "../objects.ts";
import { accounts, configMaps, room, server, unique } from "../world.ts";

const group = "/apis/admissionregistration.k8s.io/v1";

export function webhookCases(): void {
  const home = room("webhooks");
  let hooks: HookServer | undefined;
  const running = (): HookServer => {
    if (!hooks) throw new Error("no webhooks");
    return hooks;
  };
  beforeAll(async () => {
    hooks = await HookServer.start(await server().certificate());
    callIt(hooks.url, "<hooks>");
  });
  afterAll(() => hooks?.stop());

  /** Installs a webhook for objects with the label `case: <name>`, and waits until it is asked. */
  async function install(name: string, answer: string, more: object = {}): Promise<void> {
    const kind = answer.startsWith("patch") ? "Mutating" : "Validating";
    const webhook = {
      name: `${name}.example.io`,
      clientConfig: {
        url: `${running().url}/${name}/${answer}`,
        caBundle: Buffer.from((await server().certificate()).cert).toString("base64"),
      },
      rules: [
        { apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE", "UPDATE", "DELETE"], resources: ["configmaps"] },
      ],
      objectSelector: { matchLabels: { case: name } },
      sideEffects: "None",
      admissionReviewVersions: ["v1"],
      timeoutSeconds: 1,
      ...more,
    };
    const made = await home.api().post(`${group}/${kind.toLowerCase()}webhookconfigurations`, {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: `${kind}WebhookConfiguration`,
      metadata: { name },
      webhooks: [webhook],
    });
    if (made.code !== 201) throw new Error(`installing ${name}: ${made}`);
    await eventually(async () => {
      await create(name, "probe", "?dryRun=All");
      if (!running().asked.has(`${name}/${answer}`)) throw new Error(`${name} was not asked`);
    });
  }
  const create = (name: string, object = "one", query = "") =>
    home.api().post(configMaps + query, configMap(`${name}-${object}`, { key: "value" }, { labels: { case: name } }));

  describe("validating webhooks", () => {
    test("allow", async () => {
      await install("allowing", "allow");
      expect((await create("allowing")).code).toBe(201);
    });
    test("warn", async () => {
      await install("warning", "warn");
      expect((await create("warning")).headers.warning).toMatchInlineSnapshot(`299 - "take care"`);
    });
    test("deny", async () => {
      await install("denying", "deny");
      expect(await create("denying")).toMatchInlineSnapshot(
        `400 admission webhook "denying.example.io" denied the request without explanation`,
      );
    });
    test("deny with a message, a code and a reason", async () => {
      await install("explaining", "deny-why");
      expect(await create("explaining")).toMatchInlineSnapshot(
        `403 Forbidden: admission webhook "explaining.example.io" denied the request: not today`,
      );
    });
    test("deny with a reason alone", async () => {
      await install("reasoning", "deny-reason");
      expect(await create("reasoning")).toMatchInlineSnapshot(
        `400 Because: admission webhook "reasoning.example.io" denied the request: Because`,
      );
    });
    test("that fail refuse", async () => {
      await install("failing", "error");
      expect(await create("failing")).toMatchInlineSnapshot(`
        500 InternalError: Internal error occurred:
        - failed calling webhook "failing.example.io": failed to call webhook: an error on the server ("out of order") has prevented the request from succeeding
      `);
    });
    test("that answer nonsense refuse", async () => {
      await install("nonsense", "text");
      const answer = await create("nonsense");
      const said = 'Internal error occurred: failed calling webhook "nonsense.example.io": failed to call webhook: ';
      expect([answer.code, answer.text("message").slice(0, said.length)]).toEqual([500, said]);
    });
    test("that do not answer in time refuse", async () => {
      await install("silence", "silent");
      expect(await create("silence")).toMatchInlineSnapshot(`
        500 InternalError: Internal error occurred:
        - failed calling webhook "silence.example.io": failed to call webhook: Post "<hooks>/silence/silent?timeout=1s": context deadline exceeded
      `);
    });
    test("that fail and may do so are passed over", async () => {
      await install("lenient", "error", { failurePolicy: "Ignore" });
      expect((await create("lenient")).code).toBe(201);
    });
    test("are asked about updates and deletions with the object before", async () => {
      await install("updating", "allow");
      await create("updating", "kept");
      await home.api().patch(`${configMaps}/updating-kept`, { data: { key: "new" } });
      await home.api().delete(`${configMaps}/updating-kept`);
      const reviews = running().asked.get("updating/allow") as {
        request: { operation: string; object: { data?: object } | null; oldObject: { data?: object } | null };
      }[];
      const said = reviews
        .slice(-2)
        .map(({ request }) => [request.operation, request.object?.data, request.oldObject?.data]);
      expect(said).toEqual([
        ["UPDATE", { key: "new" }, { key: "value" }],
        ["DELETE", undefined, { key: "new" }],
      ]);
    });
    test("are told who asks for what", async () => {
      await install("telling", "allow");
      await create("telling", "told", "?fieldManager=me");
      const [review] = (running().asked.get("telling/allow") ?? []).slice(-1) as { request: Record<string, unknown> }[];
      const { object, oldObject: _old, uid: _uid, ...request } = review?.request ?? {};
      expect(JSON.stringify(request, undefined, 1)).toMatchInlineSnapshot(`
        {
         "kind": {
          "group": "",
          "version": "v1",
          "kind": "ConfigMap"
         },
         "resource": {
          "group": "",
          "version": "v1",
          "resource": "configmaps"
         },
         "requestKind": {
          "group": "",
          "version": "v1",
          "kind": "ConfigMap"
         },
         "requestResource": {
          "group": "",
          "version": "v1",
          "resource": "configmaps"
         },
         "name": "telling-told",
         "namespace": "default",
         "operation": "CREATE",
         "userInfo": {
          "username": "kcp-admin",
          "uid": "<uid>",
          "groups": [
           "system:kcp:admin",
           "system:authenticated"
          ]
         },
         "dryRun": false,
         "options": {
          "kind": "CreateOptions",
          "apiVersion": "meta.k8s.io/v1",
          "fieldManager": "me"
         }
        }
      `);
      expect(Object.keys(Object(Object(object).metadata)).sort()).toMatchInlineSnapshot(`
        [
          annotations,
          creationTimestamp,
          labels,
          managedFields,
          name,
          namespace,
          uid,
        ]
      `);
    });
    test("are not asked about what their selector does not select", async () => {
      await install("selecting", "deny");
      expect((await home.api().post(configMaps, configMap("unselected"))).code).toBe(201);
    });
  });

  describe("conditions of webhooks", () => {
    const onlyOthers = { name: "others", expression: "!object.metadata.name.endsWith('-own')" };
    test("say whether they are asked", async () => {
      await install("conditional", "deny-why", { matchConditions: [onlyOthers] });
      expect((await create("conditional", "own")).code).toBe(201);
      expect((await create("conditional", "other")).code).toBe(403);
    });
    test("that fail refuse", async () => {
      const matchConditions = [
        { name: "none", expression: "object.data.none == 'a' || object.metadata.name.endsWith('-probe')" },
      ];
      await install("misconditioned", "allow", { matchConditions });
      expect(await create("misconditioned")).toMatchInlineSnapshot(`
        403 Forbidden: configmaps "misconditioned-one" is forbidden: expression 'object.data.none == 'a' || object.metadata.name.endsWith('-probe')' resulted in error: no such key: none
        {kind: configmaps, name: misconditioned-one}
      `);
    });
    test("that fail and may do so are passed over", async () => {
      const matchConditions = [
        { name: "none", expression: "object.data.none == 'a' || object.metadata.name.endsWith('-probe')" },
      ];
      await install("unconditioned", "deny-why", { matchConditions, failurePolicy: "Ignore" });
      expect((await create("unconditioned")).code).toBe(201);
    });
  });

  describe("mutating webhooks", () => {
    test("change what is written", async () => {
      await install("patching", "patch");
      const answer = await create("patching");
      expect(answer.only("metadata.labels", "metadata.managedFields")).toMatchInlineSnapshot(`
        201
        metadata.labels:
          case: patching
          hooked: 'yes'
        metadata.managedFields:
          - apiVersion: v1
            fieldsType: FieldsV1
            fieldsV1: {f:data: {.: {}, f:key: {}}, f:metadata: {f:labels: {.: {}, f:case: {}}}}
            manager: conformance
            operation: Update
            time: '<time>'
      `);
    });
    test("whose patch cannot be applied refuse", async () => {
      await install("mispatching", "patch-nothing");
      expect(await create("mispatching")).toMatchInlineSnapshot(`
        500 InternalError: Internal error occurred:
        - error in remove for path: '/metadata/labels/none': Unable to remove nonexistent key: none: missing value
      `);
    });
  });

  describe("configurations", () => {
    const post = (webhook: object) =>
      home.api().post(`${group}/validatingwebhookconfigurations?dryRun=All`, {
        apiVersion: "admissionregistration.k8s.io/v1",
        kind: "ValidatingWebhookConfiguration",
        metadata: { name: "tried" },
        webhooks: [
          {
            name: "a.example.io",
            clientConfig: { url: "https://127.0.0.1" },
            sideEffects: "None",
            admissionReviewVersions: ["v1"],
            ...webhook,
          },
        ],
      });
    test("have defaults", async () => {
      expect((await post({})).only("webhooks")).toMatchInlineSnapshot(`
        201
        webhooks:
          - admissionReviewVersions: [v1]
            clientConfig: {url: https://127.0.0.1}
            failurePolicy: Fail
            matchPolicy: Equivalent
            name: a.example.io
            namespaceSelector: {}
            objectSelector: {}
            sideEffects: None
            timeoutSeconds: 10
      `);
    });
    test("need https", async () => {
      expect(await post({ clientConfig: { url: "http://127.0.0.1" } })).toMatchInlineSnapshot(`
        422 Invalid: ValidatingWebhookConfiguration.admissionregistration.k8s.io "tried" is invalid:
        - FieldValueInvalid: webhooks[0].clientConfig.url: Invalid value: "http": 'https' is the only allowed URL scheme; desired format: https://host[/path]
        {group: admissionregistration.k8s.io, kind: ValidatingWebhookConfiguration, name: tried}
      `);
    });
    test("need a qualified name", async () => {
      expect(await post({ name: "short" })).toMatchInlineSnapshot(`
        422 Invalid: ValidatingWebhookConfiguration.admissionregistration.k8s.io "tried" is invalid:
        - FieldValueInvalid: webhooks[0].name: Invalid value: "short": should be a domain with at least three segments separated by dots
        {group: admissionregistration.k8s.io, kind: ValidatingWebhookConfiguration, name: tried}
      `);
    });
    test("say their side effects", async () => {
      expect(await post({ sideEffects: undefined })).toMatchInlineSnapshot(`
        422 Invalid: ValidatingWebhookConfiguration.admissionregistration.k8s.io "tried" is invalid:
        - FieldValueRequired: webhooks[0].sideEffects: Required value: must specify one of None, NoneOnDryRun
        {group: admissionregistration.k8s.io, kind: ValidatingWebhookConfiguration, name: tried}
      `);
    });
    test("wait for 30 seconds at most", async () => {
      expect(await post({ timeoutSeconds: 31 })).toMatchInlineSnapshot(`
        422 Invalid: ValidatingWebhookConfiguration.admissionregistration.k8s.io "tried" is invalid:
        - FieldValueInvalid: webhooks[0].timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds
        {group: admissionregistration.k8s.io, kind: ValidatingWebhookConfiguration, name: tried}
      `);
    });
  });

  test("webhooks in the workspace of an export are asked about its types wherever they are bound", async () => {
    const name = unique("provider");
    const provider = server().api.below("/clusters/root:platform-mesh-system");
    const path = `${group}/validatingwebhookconfigurations`;
    await provider.post(path, {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingWebhookConfiguration",
      metadata: { name },
      webhooks: [
        {
          name: "provider.example.io",
          clientConfig: {
            url: `${running().url}/provider/deny-why`,
            caBundle: Buffer.from((await server().certificate()).cert).toString("base64"),
          },
          rules: [
            {
              apiGroups: ["core.platform-mesh.io"],
              apiVersions: ["v1alpha1"],
              operations: ["CREATE"],
              resources: ["accounts"],
            },
          ],
          objectSelector: { matchLabels: { case: name } },
          sideEffects: "None",
          admissionReviewVersions: ["v1"],
        },
      ],
    });
    const body = account("hooked", {}, { labels: { case: name } });
    await eventually(async () => expect((await home.api().post(`${accounts}?dryRun=All`, body)).code).toBe(403));
    expect(await home.api().post(accounts, body)).toMatchInlineSnapshot(
      `403 Forbidden: admission webhook "provider.example.io" denied the request: not today`,
    );
    const [review] = running().asked.get("provider/deny-why") as {
      request: { object: { metadata: { annotations: object } } };
    }[];
    expect(review?.request.object.metadata.annotations).toEqual({ "kcp.io/cluster": home.id });
    await provider.delete(`${path}/${name}`);
  });
}

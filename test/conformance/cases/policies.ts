import { describe, expect, test } from "vitest";
import { eventually } from "../eventually.ts";
import { account, configMap } from "../objects.ts";
import { accounts, configMaps, room, server, unique } from "../world.ts";

const group = "/apis/admissionregistration.k8s.io/v1";
type Extra = Readonly<Record<string, unknown>>;

const rule = {
  apiGroups: [""],
  apiVersions: ["v1"],
  operations: ["CREATE", "UPDATE", "DELETE"],
  resources: ["configmaps"],
};
const notBad = { expression: "!has(object.data) || object.data.key != 'bad'" };
/** For objects with the label `case: <name>`. */
const policyOf = (name: string, spec: Extra = {}, rules: Extra = rule): Extra => ({
  apiVersion: "admissionregistration.k8s.io/v1",
  kind: "ValidatingAdmissionPolicy",
  metadata: { name },
  spec: {
    matchConstraints: { resourceRules: [rules], objectSelector: { matchLabels: { case: name } } },
    validations: [notBad],
    ...spec,
  },
});
const bindingOf = (name: string, spec: Extra = {}): Extra => ({
  apiVersion: "admissionregistration.k8s.io/v1",
  kind: "ValidatingAdmissionPolicyBinding",
  metadata: { name },
  spec: { policyName: name, validationActions: ["Deny"], ...spec },
});

export function policyCases(): void {
  const home = room("policies");
  const policies = `${group}/validatingadmissionpolicies`;
  const bindings = `${group}/validatingadmissionpolicybindings`;

  /** Writes a ConfigMap whose value is `value`, with the label by which the policy `name` is meant. */
  const create = (name: string, value = "bad", query = "") =>
    home.api().post(configMaps + query, configMap(`${name}-${value}`, { key: value }, { labels: { case: name } }));

  /** Installs a policy with its binding and waits until it is at work, which an update of a probe shows. */
  async function install(name: string, spec: Extra = {}, binding: Extra = {}): Promise<void> {
    for (const [path, object] of [
      [policies, policyOf(name, spec)],
      [bindings, bindingOf(name, binding)],
    ] as const) {
      const made = await home.api().post(path, object);
      if (made.code !== 201) throw new Error(`installing ${name}: ${made}`);
    }
    await atWork(name);
  }
  /** A policy that was made later is at work: so is what came before it. */
  async function atWork(name: string): Promise<void> {
    const sentinel = `after-${name}`;
    await home.api().post(policies, policyOf(sentinel, { validations: [{ expression: "false" }] }));
    await home.api().post(bindings, bindingOf(sentinel));
    await eventually(async () => {
      if ((await create(sentinel, "any", "?dryRun=All")).code !== 422) throw new Error(`${sentinel} is not at work`);
    });
    await home.api().delete(`${bindings}/${sentinel}`);
    await home.api().delete(`${policies}/${sentinel}`);
  }

  describe("policies", () => {
    test("refuse what an expression is false for, with the expression", async () => {
      await install("plain");
      expect((await create("plain", "good")).code).toBe(201);
      expect(await create("plain")).toMatchInlineSnapshot(`
        422 Invalid: configmaps "plain-bad" is forbidden:
        - ValidatingAdmissionPolicy 'plain' with binding 'plain' denied request: failed expression: !has(object.data) || object.data.key != 'bad'
        {kind: configmaps, name: plain-bad}
      `);
    });
    test("refuse with their message", async () => {
      await install("message", { validations: [{ ...notBad, message: "never bad" }] });
      expect(await create("message")).toMatchInlineSnapshot(`
        422 Invalid: configmaps "message-bad" is forbidden:
        - ValidatingAdmissionPolicy 'message' with binding 'message' denied request: never bad
        {kind: configmaps, name: message-bad}
      `);
    });
    test("refuse with a message that is an expression", async () => {
      const messageExpression =
        "'not ' + object.data.key + ' by ' + request.userInfo.username + ', ' + strings.quote('a\"b')";
      await install("worded", { validations: [{ ...notBad, message: "never bad", messageExpression }] });
      expect(await create("worded")).toMatchInlineSnapshot(`
        422 Invalid: configmaps "worded-bad" is forbidden:
        - ValidatingAdmissionPolicy 'worded' with binding 'worded' denied request: not bad by kcp-admin, "a\\"b"
        {kind: configmaps, name: worded-bad}
      `);
    });
    test.each([
      ["that fails", "'a' + object.data.none"],
      ["that is empty", "'  '"],
      ["of two lines", "'a\\nb'"],
    ])("have their plain message instead of an expression %s", async (what, messageExpression) => {
      const name = `message-${what.replaceAll(" ", "-")}`;
      await install(name, { validations: [{ ...notBad, message: "never bad", messageExpression }] });
      const told = `ValidatingAdmissionPolicy '${name}' with binding '${name}' denied request: never bad`;
      expect((await create(name)).text("message")).toContain(told);
    });
    test.each([
      ["Forbidden", 403],
      ["Invalid", 422],
      ["RequestEntityTooLarge", 413],
    ])("refuse with reason %s", async (reason, code) => {
      const name = reason.toLowerCase();
      await install(name, { validations: [{ ...notBad, message: "no", reason }] });
      const answer = await create(name);
      expect([answer.code, answer.text("reason")]).toEqual([code, reason]);
    });
    test("tell the first expression that is false", async () => {
      const validations = ["true", "false", "object.data.none == 1"].map((expression, index) => ({
        expression,
        message: `number ${index}`,
      }));
      await install("several", { validations });
      expect(await create("several")).toMatchInlineSnapshot(`
        422 Invalid: configmaps "several-bad" is forbidden:
        - ValidatingAdmissionPolicy 'several' with binding 'several' denied request: number 1
        {kind: configmaps, name: several-bad}
      `);
    });
    test("refuse what an expression fails for", async () => {
      await install("failing", { validations: [{ expression: "object.data.none == 'a'" }] });
      expect(await create("failing")).toMatchInlineSnapshot(`
        422 Invalid: configmaps "failing-bad" is forbidden:
        - ValidatingAdmissionPolicy 'failing' with binding 'failing' denied request: expression 'object.data.none == 'a'' resulted in error: no such key: none
        {kind: configmaps, name: failing-bad}
      `);
    });
    test("pass over an expression that fails and may do so", async () => {
      await install("lenient", { failurePolicy: "Ignore", validations: [{ expression: "object.data.none == 'a'" }] });
      expect((await create("lenient")).code).toBe(201);
    });
    test("have variables, of those before them too", async () => {
      const variables = [
        { name: "key", expression: "object.data.key" },
        { name: "isBad", expression: "variables.key == 'bad'" },
      ];
      const validations = [{ expression: "!variables.isBad", messageExpression: "'so ' + variables.key" }];
      await install("variables", { variables, validations });
      expect((await create("variables", "good")).code).toBe(201);
      expect((await create("variables")).text("message")).toMatchInlineSnapshot(
        `configmaps "variables-bad" is forbidden: ValidatingAdmissionPolicy 'variables' with binding 'variables' denied request: so bad`,
      );
    });
    test("fail by a variable only where it is asked for", async () => {
      const variables = [{ name: "none", expression: "object.data.none" }];
      await install("lazy", { variables, validations: [{ expression: "true || variables.none == ''" }] });
      expect((await create("lazy")).code).toBe(201);
    });
    test("look only at what meets their conditions", async () => {
      const matchConditions = [{ name: "good-only", expression: "object.data.key == 'good'" }];
      await install("conditions", { matchConditions, validations: [{ expression: "false", message: "no" }] });
      expect((await create("conditions")).code).toBe(201);
      expect((await create("conditions", "good")).code).toBe(422);
    });
    test("refuse where a condition fails", async () => {
      const matchConditions = [{ name: "none", expression: "object.data.none == 'good'" }];
      await install("bad-condition", { matchConditions });
      expect(await create("bad-condition", "good")).toMatchInlineSnapshot(`
        422 Invalid: configmaps "bad-condition-good" is forbidden:
        - ValidatingAdmissionPolicy 'bad-condition' with binding 'bad-condition' denied request: expression 'object.data.none == 'good'' resulted in error: no such key: none
        {kind: configmaps, name: bad-condition-good}
      `);
    });
    test("see the object before, and deletions", async () => {
      const validations = [
        { expression: "request.operation != 'UPDATE' || object.data.key == oldObject.data.key", message: "fixed" },
        { expression: "request.operation != 'DELETE' || object != null", message: "stays" },
        { expression: "request.operation != 'CREATE' || oldObject == null", message: "new" },
      ];
      await install("before", { validations });
      expect((await create("before", "kept")).code).toBe(201);
      const path = `${configMaps}/before-kept`;
      expect((await home.api().patch(path, { data: { other: "value" } })).code).toBe(200);
      expect((await home.api().patch(path, { data: { key: "new" } })).text("message")).toMatchInlineSnapshot(
        `configmaps "before-kept" is forbidden: ValidatingAdmissionPolicy 'before' with binding 'before' denied request: fixed`,
      );
      expect((await home.api().delete(path)).text("message")).toMatchInlineSnapshot(
        `configmaps "before-kept" is forbidden: ValidatingAdmissionPolicy 'before' with binding 'before' denied request: stays`,
      );
    });
    test("are told who asks for what", async () => {
      const messageExpression =
        "request.operation + ' ' + request.resource.resource + ' ' + request.kind.kind + ' ' + request.name + ' ' + request.namespace + ' ' + string(request.dryRun) + ' ' + string('system:authenticated' in request.userInfo.groups)";
      await install("request", { validations: [{ expression: "false", messageExpression }] });
      expect((await create("request", "bad", "?dryRun=All")).text("message")).toMatchInlineSnapshot(
        `configmaps "request-bad" is forbidden: ValidatingAdmissionPolicy 'request' with binding 'request' denied request: CREATE configmaps ConfigMap request-bad default true true`,
      );
    });
  });

  describe("bindings", () => {
    test("a policy without one does nothing", async () => {
      await home.api().post(policies, policyOf("unbound", { validations: [{ expression: "false" }] }));
      await atWork("unbound");
      expect((await create("unbound")).code).toBe(201);
    });
    test("warn", async () => {
      await install("warning", { validations: [{ ...notBad, message: "never bad" }] }, { validationActions: ["Warn"] });
      const answer = await create("warning");
      expect([answer.code, answer.headers.warning]).toMatchInlineSnapshot(`
        [
          201,
          299 - "Validation failed for ValidatingAdmissionPolicy 'warning' with binding 'warning': never bad",
        ]
      `);
    });
    test("audit", async () => {
      await install("audit", {}, { validationActions: ["Audit"] });
      expect((await create("audit")).code).toBe(201);
    });
    test("select a part of what the policy is for", async () => {
      const matchResources = { objectSelector: { matchLabels: { more: "yes" } } };
      await install("part", {}, { matchResources });
      expect((await create("part")).code).toBe(201);
      const both = configMap("part-both", { key: "bad" }, { labels: { case: "part", more: "yes" } });
      expect((await home.api().post(configMaps, both)).code).toBe(422);
    });
  });

  describe("configurations", () => {
    const tried = (spec: Extra) => home.api().post(`${policies}?dryRun=All`, policyOf("tried", spec));
    test("of policies have defaults", async () => {
      expect((await tried({})).only("spec")).toMatchInlineSnapshot(`
        201
        spec:
          failurePolicy: Fail
          matchConstraints:
            matchPolicy: Equivalent
            namespaceSelector: {}
            objectSelector: {matchLabels: {case: tried}}
            resourceRules: [{apiGroups: [''], apiVersions: [v1], operations: [CREATE, UPDATE, DELETE], resources: [configmaps], scope: '*'}]
          validations:
            - {expression: '!has(object.data) || object.data.key != ''bad'''}
      `);
    });
    test("of bindings have defaults", async () => {
      const matchResources = { resourceRules: [rule] };
      const made = await home.api().post(`${bindings}?dryRun=All`, bindingOf("tried", { matchResources }));
      expect(made.only("spec")).toMatchInlineSnapshot(`
        201
        spec:
          matchResources:
            matchPolicy: Equivalent
            namespaceSelector: {}
            objectSelector: {}
            resourceRules: [{apiGroups: [''], apiVersions: [v1], operations: [CREATE, UPDATE, DELETE], resources: [configmaps], scope: '*'}]
          policyName: tried
          validationActions:
            - Deny
      `);
    });
    test("need constraints", async () => {
      expect(await tried({ matchConstraints: undefined })).toMatchInlineSnapshot(`
        422 Invalid: ValidatingAdmissionPolicy.admissionregistration.k8s.io "tried" is invalid:
        - FieldValueRequired: spec.matchConstraints: Required value
        {group: admissionregistration.k8s.io, kind: ValidatingAdmissionPolicy, name: tried}
      `);
    });
    test("need something to validate", async () => {
      expect(await tried({ validations: [] })).toMatchInlineSnapshot(`
        422 Invalid: ValidatingAdmissionPolicy.admissionregistration.k8s.io "tried" is invalid:
        - FieldValueRequired: spec.auditAnnotations: Required value: validations or auditAnnotations must contain at least one item
        - FieldValueRequired: spec.validations: Required value: validations or auditAnnotations must contain at least one item
        {group: admissionregistration.k8s.io, kind: ValidatingAdmissionPolicy, name: tried}
      `);
    });
    test("know three reasons", async () => {
      expect(await tried({ validations: [{ ...notBad, reason: "Because" }] })).toMatchInlineSnapshot(`
        422 Invalid: ValidatingAdmissionPolicy.admissionregistration.k8s.io "tried" is invalid:
        - FieldValueNotSupported: spec.validations[0].reason: Unsupported value: "Because": supported values: "Forbidden", "Invalid", "RequestEntityTooLarge"
        {group: admissionregistration.k8s.io, kind: ValidatingAdmissionPolicy, name: tried}
      `);
    });
    test("know two failure policies", async () => {
      expect(await tried({ failurePolicy: "Never" })).toMatchInlineSnapshot(`
        422 Invalid: ValidatingAdmissionPolicy.admissionregistration.k8s.io "tried" is invalid:
        - FieldValueNotSupported: spec.failurePolicy: Unsupported value: "Never": supported values: "Fail", "Ignore"
        {group: admissionregistration.k8s.io, kind: ValidatingAdmissionPolicy, name: tried}
      `);
    });
    test("bindings need a policy and an action", async () => {
      const none = { policyName: "", validationActions: [] };
      expect(await home.api().post(`${bindings}?dryRun=All`, bindingOf("tried", none))).toMatchInlineSnapshot(`
        422 Invalid: ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io "tried" is invalid:
        - FieldValueRequired: spec.policyName: Required value
        - FieldValueRequired: spec.validationActions: Required value: at least one validation action is required
        {group: admissionregistration.k8s.io, kind: ValidatingAdmissionPolicyBinding, name: tried}
      `);
    });
    test("bindings know three actions, and never Deny beside Warn", async () => {
      const post = (validationActions: readonly string[]) =>
        home.api().post(`${bindings}?dryRun=All`, bindingOf("tried", { validationActions }));
      expect(await post(["Deny", "Warn"])).toMatchInlineSnapshot(`
        422 Invalid: ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io "tried" is invalid:
        - FieldValueInvalid: spec.validationActions: Invalid value: ["Deny","Warn"]: must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)
        {group: admissionregistration.k8s.io, kind: ValidatingAdmissionPolicyBinding, name: tried}
      `);
      expect(await post(["Shout"])).toMatchInlineSnapshot(`
        422 Invalid: ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io "tried" is invalid:
        - FieldValueNotSupported: spec.validationActions[0]: Unsupported value: "Shout": supported values: "Audit", "Deny", "Warn"
        {group: admissionregistration.k8s.io, kind: ValidatingAdmissionPolicyBinding, name: tried}
      `);
    });
    test.each([
      ["is no CEL", "1 +"],
      ["names what is not there", "params.none == 1"],
      ["is neither true nor false", "'text'"],
      ["mixes types in a list", "object.data.key in ['a', object.data.key]"],
    ])("refuse an expression that %s", async (_, expression) => {
      const answer = await tried({ validations: [{ expression }] });
      // The words of the compiler are its own.
      expect([answer.code, answer.text("message").includes("spec.validations[0].expression: Invalid value")]).toEqual([
        422,
        true,
      ]);
    });
  });

  test("policies in the workspace of an export hold for its types wherever they are bound, others do not", async () => {
    const name = unique("provider");
    const provider = server().api.below("/clusters/root:platform-mesh-system");
    const rules = { ...rule, apiGroups: ["core.platform-mesh.io"], apiVersions: ["v1alpha1"], resources: ["accounts"] };
    const never = { validations: [{ expression: "false", message: "not this one" }] };
    const body = account("held", {}, { labels: { case: name } });
    await home.api().post(policies, policyOf(name, never, rules));
    await home.api().post(bindings, bindingOf(name));
    await atWork("consumer");
    expect((await home.api().post(`${accounts}?dryRun=All`, body)).code).toBe(201);
    await provider.post(policies, policyOf(name, never, rules));
    await provider.post(bindings, bindingOf(name));
    await eventually(async () => expect((await home.api().post(`${accounts}?dryRun=All`, body)).code).toBe(422));
    expect(await home.api().post(accounts, body)).toMatchInlineSnapshot(`
      422 Invalid: accounts.core.platform-mesh.io "held" is forbidden:
      - ValidatingAdmissionPolicy 'provider' with binding 'provider' denied request: not this one
      {group: core.platform-mesh.io, kind: accounts, name: held}
    `);
    await provider.delete(`${bindings}/${name}`);
    await provider.delete(`${policies}/${name}`);
  });
}

import { describe, expect, test } from "vitest";
import { account, configMap } from "../objects.ts";
import { accounts, configMaps, room, server } from "../world.ts";

export function errorCases(): void {
  const home = room("errors");

  describe("paths", () => {
    test.each([
      "/nothing",
      "/apis/nothing.io",
      "/apis/nothing.io/v1",
      "/apis/nothing.io/v1/things",
      "/apis/core.platform-mesh.io/v9",
      "/apis/core.platform-mesh.io/v9/accounts",
      "/apis/core.platform-mesh.io/v1alpha1/things",
      "/apis/core.platform-mesh.io/v1alpha1/accounts/a/b",
      "/api/v1/things",
      "/api/v1/pods",
      "/api/v2",
      "/apis/apps/v1/deployments",
      "/apis/rbac.authorization.k8s.io/v1/things",
      "/apis/apis.kcp.io/v1alpha1/things",
      "/api/v1/namespaces/default/things",
      "/api/v1/namespaces/none",
      "/api/v1/namespaces/none/configmaps/x",
    ])("%s", async (path) => {
      expect(await home.api().get(path)).toMatchSnapshot();
    });
    test("a namespaced resource is written in a namespace", async () => {
      expect(await home.api().post("/api/v1/configmaps", configMap("x"))).toMatchInlineSnapshot(
        `405 MethodNotAllowed: the server does not allow this method on the requested resource`,
      );
    });
    test("a cluster-wide resource in a namespace", async () => {
      expect(
        await home.api().get("/apis/core.platform-mesh.io/v1alpha1/namespaces/default/accounts"),
      ).toMatchInlineSnapshot(`404 404 page not found`);
    });
    test("an object in a namespace that does not exist", async () => {
      expect(await home.api().post("/api/v1/namespaces/none/configmaps", configMap("x"))).toMatchInlineSnapshot(`
        404 NotFound: namespaces "none" not found
        {kind: namespaces, name: none}
      `);
    });
    test.each(["/healthz", "/livez", "/readyz"])("%s says ok", async (path) => {
      expect(await server().api.get(path)).toMatchInlineSnapshot("200 ok");
    });
  });

  describe("methods", () => {
    test.each([
      ["PUT", accounts],
      ["PATCH", accounts],
      ["POST", `${accounts}/a`],
      ["OPTIONS", accounts],
      ["POST", "/version"],
    ])("%s %s", async (method, path) => {
      expect(await home.api().send(method, path, {})).toMatchSnapshot();
    });
  });

  describe("bodies", () => {
    // What comes after it is in the words of Go's parser.
    const unrecognized =
      "the object provided is unrecognized (must be of type Account): couldn't get version/kind; json parse error: ";
    const post = (body: unknown, ask?: { type: string }, path = accounts) => home.api().post(path, body, ask);
    test("none", async () => {
      expect(await home.api().send("POST", accounts)).toMatchInlineSnapshot(
        `400 BadRequest: the object provided is unrecognized (must be of type Account): couldn't get version/kind; json parse error: unexpected end of JSON input (<empty>)`,
      );
    });
    test("an empty one", async () => {
      expect(await post("")).toMatchInlineSnapshot(
        `400 BadRequest: the object provided is unrecognized (must be of type Account): couldn't get version/kind; json parse error: unexpected end of JSON input (<empty>)`,
      );
    });
    test("no JSON", async () => {
      const answer = await post("{ nothing");
      expect([answer.code, answer.text("message").slice(0, unrecognized.length)]).toEqual([400, unrecognized]);
    });
    test("a list", async () => {
      const answer = await post([]);
      expect([answer.code, answer.text("message").slice(0, unrecognized.length)]).toEqual([400, unrecognized]);
    });
    test("without a kind", async () => {
      expect(await post({ ...account("x"), kind: undefined })).toMatchInlineSnapshot(
        `400 BadRequest: the object provided is unrecognized (must be of type Account): Object 'Kind' is missing in '{"apiVersion":"core.platform-mesh.io/v1alpha1","metadata":{"name":"x"},"spec":{"displayName":"x","type":"account"}}' ({"apiVersion":"core.platform-m ...)`,
      );
    });
    test("without an API version", async () => {
      expect(await post({ ...account("x"), apiVersion: undefined })).toMatchInlineSnapshot(
        `400 BadRequest: the API version in the data () does not match the expected API version (core.platform-mesh.io/v1alpha1)`,
      );
    });
    test("of another kind", async () => {
      expect(await post({ ...account("x"), kind: "Other" })).toMatchInlineSnapshot(`
        422 Invalid: Other.core.platform-mesh.io "x" is invalid:
        - FieldValueInvalid: kind: Invalid value: "Other": must be Account
        {group: core.platform-mesh.io, kind: Other, name: x}
      `);
    });
    test("of another version", async () => {
      const answer = await post({ ...account("x"), apiVersion: "core.platform-mesh.io/v9" });
      expect(answer.at("message")).toMatchInlineSnapshot(
        `the API version in the data (core.platform-mesh.io/v9) does not match the expected API version (core.platform-mesh.io/v1alpha1)`,
      );
    });
    test("of another group", async () => {
      const answer = await post({ ...account("x"), apiVersion: "example.io/v1" });
      expect(answer.at("message")).toMatchInlineSnapshot(
        `the API version in the data (example.io/v1) does not match the expected API version (core.platform-mesh.io/v1alpha1)`,
      );
    });
    test("a native object of another kind", async () => {
      const body = { apiVersion: "v1", kind: "Secret", metadata: { name: "x" } };
      expect(await post(body, undefined, configMaps)).toMatchInlineSnapshot(
        `400 BadRequest: Secret in version "v1" cannot be handled as a ConfigMap: converting (v1.Secret) to (core.ConfigMap): unknown conversion`,
      );
    });
    test("a native object of an unknown kind", async () => {
      const answer = await post({ ...configMap("x"), kind: "Thing" }, undefined, configMaps);
      expect(answer.code).toBe(400);
      expect(answer.text("message").split(" in scheme ")[0]).toMatchInlineSnapshot(
        `Thing in version "v1" cannot be handled as a ConfigMap: no kind "Thing" is registered for version "v1"`,
      );
    });
    test("a native object without a kind", async () => {
      expect(await post({ ...configMap("x"), kind: undefined }, undefined, configMaps)).toMatchInlineSnapshot(`
        201
        apiVersion: v1
        data:
          key: value
        kind: ConfigMap
        metadata:
          name: x
          namespace: default
      `);
    });
    test("an unknown media type", async () => {
      expect(await post("x", { type: "text/plain" })).toMatchInlineSnapshot(
        `415 UnsupportedMediaType: the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf`,
      );
    });
    test("an unknown media type of a native object", async () => {
      expect(await post("x", { type: "text/plain" }, configMaps)).toMatchInlineSnapshot(
        `415 UnsupportedMediaType: the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf`,
      );
    });
    test("YAML", async () => {
      const text =
        "apiVersion: core.platform-mesh.io/v1alpha1\nkind: Account\nmetadata:\n  name: yaml\nspec:\n  displayName: x\n  type: org\n";
      expect((await post(text, { type: "application/yaml" })).only("spec")).toMatchInlineSnapshot(`
        201
        spec:
          displayName: x
          type: org
      `);
    });
    test("too large for the server", async () => {
      expect(await post(account("large", { data: "x".repeat(3 * 1024 * 1024 + 1) }))).toMatchInlineSnapshot(
        `413 RequestEntityTooLarge: Request entity too large: limit is 3145728`,
      );
    });
    test("another namespace than that of the URL", async () => {
      expect(await post(configMap("x", {}, { namespace: "other" }), undefined, configMaps)).toMatchInlineSnapshot(
        `400 BadRequest: the namespace of the provided object does not match the namespace sent on the request`,
      );
    });
    test("a namespace where there is none", async () => {
      expect(await post(account("spaced", {}, { namespace: "default" }))).toMatchInlineSnapshot(`
        201
        apiVersion: core.platform-mesh.io/v1alpha1
        kind: Account
        metadata:
          generation: 1
          name: spaced
        spec:
          displayName: spaced
          type: account
      `);
    });
    test("a field of a native object of a wrong type", async () => {
      expect(await post({ ...configMap("x"), data: { a: 1 } }, undefined, configMaps)).toMatchInlineSnapshot(
        `400 BadRequest: ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ConfigMap.data of type string`,
      );
    });
    test("metadata of a wrong type", async () => {
      expect(await post({ ...account("x"), metadata: "x" })).toMatchInlineSnapshot(
        `400 BadRequest: Account in version "v1alpha1" cannot be handled as a Account: json: cannot unmarshal string into Go value of type v1.ObjectMeta`,
      );
    });
    test("labels of a wrong type", async () => {
      expect(await post({ ...account("x"), metadata: { name: "listed", labels: ["a"] } })).toMatchInlineSnapshot(
        `400 BadRequest: Account in version "v1alpha1" cannot be handled as a Account: json: cannot unmarshal array into Go struct field ObjectMeta.labels of type map[string]string`,
      );
    });
  });
}

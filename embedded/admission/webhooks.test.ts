import { afterAll, beforeAll, expect, test } from "vitest";
import { type ScriptedServer, scriptedServer, sendJson } from "../../test/scripted-server.ts";
import { newIdentity } from "../data-file.ts";
import { asObject, asString, at, type JsonObject } from "../json.ts";
import { TestServer } from "../test-client.ts";

let server: TestServer;
let hook: ScriptedServer;
const seen: JsonObject[] = [];
const identity = newIdentity();
const configurations = "/clusters/root/apis/admissionregistration.k8s.io/v1";
const configMaps = "/clusters/root/api/v1/namespaces/default/configmaps";

beforeAll(async () => {
  server = await TestServer.start();
  hook = await scriptedServer(({ body, url }, response) => {
    const request = asObject(JSON.parse(body).request);
    seen.push(request);
    const isBad = asString(at(request, "object", "metadata", "name")) === "bad";
    const patch = Buffer.from(JSON.stringify([{ op: "add", path: "/data", value: { by: "hook" } }])).toString("base64");
    const verdict =
      url.pathname === "/mutate"
        ? { allowed: true, patchType: "JSONPatch", patch }
        : { allowed: !isBad, status: { code: 403, reason: "Forbidden", message: "bad is no name" } };
    sendJson(response, 200, { response: { uid: request.uid, ...verdict } });
  }, identity);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await hook[Symbol.asyncDispose]();
});

const configure = (kind: string, path: string, more: JsonObject = {}) =>
  server.raw("POST", `${configurations}/${kind.toLowerCase()}s`, {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind,
    metadata: { name: path.slice(1) },
    webhooks: [
      {
        name: `${path.slice(1)}.example.io`,
        clientConfig: { url: `${hook.url}${path}`, caBundle: Buffer.from(identity.cert).toString("base64") },
        sideEffects: "None",
        rules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["configmaps"] }],
        ...more,
      },
    ],
  });
const create = (name: string) =>
  server.raw("POST", configMaps, { apiVersion: "v1", kind: "ConfigMap", metadata: { name } });

test("a mutating webhook changes the object, a validating one refuses it in its own words", async () => {
  await configure("MutatingWebhookConfiguration", "/mutate");
  await configure("ValidatingWebhookConfiguration", "/validate");
  expect(await create("good")).toMatchObject({ code: 201, body: { data: { by: "hook" } } });
  expect(seen.at(-1)).toMatchObject({ operation: "CREATE", name: "good", userInfo: { username: "kcp-admin" } });
  expect(await create("bad")).toMatchObject({
    code: 403,
    body: {
      reason: "Forbidden",
      message: 'admission webhook "validate.example.io" denied the request: bad is no name',
    },
  });
});

test("a webhook that does not answer fails the write, unless it may be ignored", async () => {
  const nowhere = { clientConfig: { url: "https://127.0.0.1:1/" } };
  await configure("ValidatingWebhookConfiguration", "/ignored", { ...nowhere, failurePolicy: "Ignore" });
  expect(await create("first")).toMatchObject({ code: 201 });
  await configure("ValidatingWebhookConfiguration", "/down", nowhere);
  expect(await create("second")).toMatchObject({ code: 500, body: { reason: "InternalError" } });
  expect((await create("third")).body.message).toContain('failed calling webhook "down.example.io"');
});

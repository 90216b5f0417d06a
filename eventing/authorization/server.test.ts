import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Deps } from "../../functions/authorize/index.ts";
import { selfSigned } from "../../shared/self-signed.ts";
import { type Posted, postReview } from "../../test/post-review.ts";
import type { Listening } from "../http-server.ts";
import { authorizePath, serveAuthorization } from "./server.ts";

const review = {
  apiVersion: "authorization.k8s.io/v1",
  kind: "SubjectAccessReview",
  spec: {
    user: "alice@example.com",
    groups: ["system:authenticated"],
    extra: { "authorization.kcp.io/cluster-name": ["c1"] },
    resourceAttributes: { verb: "list", version: "v1", resource: "configmaps", namespace: "default" },
  },
};

let folder: string;
let server: Listening;
let told: string[];
let check: Deps["check"];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "authorization-"));
  const { cert, key } = selfSigned("first");
  await Promise.all([writeFile(join(folder, "tls.crt"), cert), writeFile(join(folder, "tls.key"), key)]);
  told = [];
  check = async () => true;
  server = await serve();
});
afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

const log = {
  debug() {},
  info: (_: object, text: string) => told.push(text),
  warn() {},
  error: (_: object, text: string) => told.push(text),
};
const serve = (port = 0) =>
  serveAuthorization({
    address: { host: "127.0.0.1", port },
    certificate: { folder },
    deps: {
      placeOf: async (cluster) => ({ kind: "account", cluster, account: { cluster: "o1", name: "acme" }, store: "s" }),
      check: (question, call) => check(question, call),
    },
    limitMs: 100,
    log,
    metrics: {
      started: (webhook) => told.push(`started ${webhook}`),
      answered: (webhook, code) => told.push(`answered ${webhook} ${code}`),
      judged: ({ allowed }) => told.push(allowed ? "allowed" : "not allowed"),
    },
  });
const send = ({ path = authorizePath, body = JSON.stringify(review), ...rest }: Partial<Posted> = {}) =>
  postReview(server.port, { path, body, ...rest });
const statusOf = async () => JSON.parse((await send()).text).status;

test("answers a review in its version", async () => {
  for (const apiVersion of ["authorization.k8s.io/v1", "authorization.k8s.io/v1beta1"]) {
    const { code, text } = await send({ body: JSON.stringify({ ...review, apiVersion }) });
    expect(code).toBe(200);
    expect(JSON.parse(text)).toEqual({
      apiVersion,
      kind: "SubjectAccessReview",
      status: {
        allowed: true,
        denied: false,
        reason: "user:alice@example.com is list_core_configmaps of core_namespace:c1/default",
      },
    });
  }
  expect(told).toEqual(expect.arrayContaining(["started /authz", "allowed", "answered /authz 200"]));
});

test.each<[string, Partial<Posted>, number, string]>([
  ["an unknown path", { path: "/other" }, 404, "use /authz"],
  ["a path of JavaScript's own", { path: "/constructor" }, 404, "use /authz"],
  ["another method", { method: "GET", body: "" }, 405, "POST a SubjectAccessReview"],
  ["another content type", { headers: { "content-type": "text/plain" } }, 415, "application/json"],
  ["no JSON", { body: "{" }, 400, "the body is not JSON"],
  ["another kind", { body: JSON.stringify({ ...review, kind: "Review" }) }, 400, "kind"],
  ["deep nesting", { body: `${"[".repeat(10_000)}${"]".repeat(10_000)}` }, 400, "nested deeper than 500 levels"],
  ["a large body", { body: " ".repeat(1024 * 1024 + 1) }, 413, "at most 1048576 bytes"],
])("%s is refused in clear words", async (_, sent, code, text) => {
  expect(await send(sent)).toEqual({ code, text: expect.stringContaining(text) });
  expect((await send()).code).toBe(200);
});

test("kcp never waits for an OpenFGA that does not answer, and the outage is logged once", async () => {
  check = () => new Promise(() => undefined);
  const unanswered = {
    allowed: false,
    denied: false,
    reason: expect.any(String),
    evaluationError: "no outcome within 100 ms",
  };
  expect(await statusOf()).toEqual(unanswered);
  expect(await statusOf()).toEqual(unanswered);
  check = async () => false;
  expect(await statusOf()).toMatchObject({
    allowed: false,
    reason: expect.stringContaining("is not list_core_configmaps"),
  });
  const outage = "authorization cannot be decided: kcp refuses what RBAC does not allow";
  expect(told.filter((text) => text.startsWith("authorization"))).toEqual([outage, "authorization is decided again"]);
});

test("says which flag names another folder, or another port", async () => {
  await expect(serve(server.port)).rejects.toThrow("choose another address with --authorization-webhook-port");
  await rm(join(folder, "tls.key"));
  const other = "reading the certificate of the authorization webhook";
  await expect(serve()).rejects.toThrow(other);
  await expect(serve()).rejects.toThrow("or name another folder with --authorization-webhook-cert-dir");
});

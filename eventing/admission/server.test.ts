import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { afterEach, beforeEach, expect, test } from "vitest";
import { selfSigned } from "../../shared/self-signed.ts";
import { defaultSettings } from "../../shared/settings.ts";
import { type Posted, postReview } from "../../test/post-review.ts";
import type { Listening } from "../http-server.ts";
import { mutatePath, serveAdmission, validatePath } from "./server.ts";

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const review = {
  apiVersion: "admission.k8s.io/v1",
  kind: "AdmissionReview",
  request: {
    uid: "u1",
    operation: "CREATE",
    userInfo: { username: "alice" },
    object: {
      kind: "Account",
      metadata: { name: "ab", annotations: { "kcp.io/cluster": "c" } },
      spec: { type: "org" },
    },
  },
};

let folder: string;
let server: Listening;
let told: string[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "admission-"));
  await install(selfSigned("first"));
  told = [];
  server = await serve();
});
afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

async function install({ cert, key }: { readonly cert: string; readonly key: string }): Promise<void> {
  await Promise.all([writeFile(join(folder, "tls.crt"), cert), writeFile(join(folder, "tls.key"), key)]);
}
const serve = (port = 0) =>
  serveAdmission({
    address: { host: "127.0.0.1", port },
    certificate: { folder, everyMs: 5, onRead: (usable) => told.push(`read ${usable}`) },
    deps: {
      settings: { ...defaultSettings, creatorAdminGroup: undefined },
      pathOf: async () => "root:orgs",
      policies: [],
    },
    log: quiet,
    metrics: {
      started: (webhook) => told.push(`started ${webhook}`),
      answered: (webhook, code) => told.push(`answered ${webhook} ${code}`),
      judged: ({ operation }, { refusal }) => told.push(`${operation} ${refusal === undefined ? "allowed" : "denied"}`),
    },
  });

type Sent = Partial<Posted>;
const send = ({ path = validatePath, body = JSON.stringify(review), ...rest }: Sent = {}) =>
  postReview(server.port, { path, body, ...rest });
function servedName(): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect({ port: server.port, host: "127.0.0.1", rejectUnauthorized: false }, () => {
    resolve(String(socket.getPeerCertificate().subject.CN));
    socket.destroy();
  }).on("error", reject);
  return promise;
}

test("002-F22 answers a review on the path of each webhook, as often as it comes", async () => {
  const { code, text } = await send();
  expect(code).toBe(200);
  expect(JSON.parse(text).response).toMatchObject({ uid: "u1", allowed: false, status: { reason: "Invalid" } });
  expect((await send()).text).toBe(text);
  expect(JSON.parse((await send({ path: mutatePath })).text).response).toMatchObject({ patchType: "JSONPatch" });
  expect(told).toContain("CREATE denied");
  expect(told).toContain(`answered ${mutatePath} 200`);
});

test.each<[string, Sent, number, string]>([
  ["an unknown path", { path: "/other" }, 404, `use ${mutatePath} or ${validatePath}`],
  ["another method", { method: "GET", body: "" }, 405, "POST an AdmissionReview"],
  ["another content type", { headers: { "content-type": "text/plain" } }, 415, "application/json"],
  ["no JSON", { body: "{" }, 400, "the body is not JSON"],
  ["another version", { body: JSON.stringify({ ...review, apiVersion: "v1" }) }, 400, "apiVersion"],
  ["deep nesting", { body: `${"[".repeat(10_000)}${"]".repeat(10_000)}` }, 400, "nested deeper than 500 levels"],
  ["a large body", { body: " ".repeat(4 * 1024 * 1024 + 1) }, 413, "at most 4194304 bytes"],
])("%s is refused in clear words", async (_, sent, code, text) => {
  expect(await send(sent)).toEqual({ code, text: expect.stringContaining(text) });
  expect((await send()).code).toBe(200);
});

test("002-C02 a new certificate is served without a restart, one that is broken is not", async () => {
  expect(await servedName()).toBe("first");
  await install(selfSigned("second"));
  await expect.poll(servedName).toBe("second");
  await writeFile(join(folder, "tls.key"), "no key");
  await expect.poll(() => told).toContain("read false");
  expect(await servedName()).toBe("second");
});

test("says which flag names another folder, or another port", async () => {
  await expect(serve(server.port)).rejects.toThrow("choose another address with --webhooks-port");
  await writeFile(join(folder, "tls.key"), selfSigned("other").key);
  await expect(serve()).rejects.toThrow("tls.key is not the key of tls.crt; put tls.crt and tls.key into");
  await rm(join(folder, "tls.key"));
  await expect(serve()).rejects.toThrow("or name another folder with --webhooks-cert-dir");
  await expect.poll(() => told).toContain("read false");
});

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { Agent, request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { selfSigned } from "../../shared/self-signed.ts";
import { defaultSettings } from "../../shared/settings.ts";
import type { Listening } from "../http-server.ts";
import { mutatePath, serveAdmission, validatePath } from "./server.ts";

const mebibyte = 1024 * 1024;
const counted = { started: 0, answered: 0, errors: 0 };
const agent = new Agent({ keepAlive: true, maxSockets: 8 });
let folder: string;
let server: Listening;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hostile-"));
  const { cert, key } = selfSigned("localhost");
  await Promise.all([writeFile(join(folder, "tls.crt"), cert), writeFile(join(folder, "tls.key"), key)]);
  server = await serveAdmission({
    address: { host: "127.0.0.1", port: 0 },
    certificate: { folder, onRead: () => undefined },
    deps: {
      settings: { ...defaultSettings, creatorAdminGroup: undefined },
      pathOf: async () => "root:orgs",
      policies: [],
    },
    log: { debug() {}, info() {}, warn() {}, error: () => void counted.errors++ },
    metrics: { started: () => counted.started++, answered: () => counted.answered++, judged: () => undefined },
  });
});
afterAll(async () => {
  agent.destroy();
  await server.close();
  await rm(folder, { recursive: true });
});

interface Sent {
  readonly path?: string;
  /** In these pieces, and so without a length that is known before. */
  readonly pieces: Iterable<string | Uint8Array>;
}
/** Answers the status, or "reset" where the server hung up while it was still being written to. */
function send({ path = validatePath, pieces }: Sent): Promise<number | "reset"> {
  const { promise, resolve } = Promise.withResolvers<number | "reset">();
  const headers = { "content-type": "application/json", "transfer-encoding": "chunked" };
  const options = { port: server.port, path, method: "POST", headers, rejectUnauthorized: false, agent };
  const sent = request(options, (response) => {
    response.resume();
    resolve(response.statusCode ?? 0);
  });
  sent.on("error", () => resolve("reset"));
  for (const piece of pieces) sent.write(piece);
  sent.end();
  return promise;
}
const sendJson = (json: unknown, path?: string) => send({ pieces: [JSON.stringify(json)], ...(path && { path }) });

const review = (object: unknown, more: object = {}) => ({
  apiVersion: "admission.k8s.io/v1",
  kind: "AdmissionReview",
  request: { uid: "u1", operation: "CREATE", userInfo: { username: "alice" }, object, ...more },
});
const account = (spec: unknown = { type: "org" }) => ({ kind: "Account", metadata: { name: "acme" }, spec });

test("whatever JSON comes is judged or refused with 400, and never an error of ours", async () => {
  const json = fc.jsonValue({ maxDepth: 4 });
  const anything = fc.oneof(
    json,
    json.map((object) => review(object)),
    json.map((spec) => review(account(spec))),
    fc.tuple(json, json, json).map(([uid, operation, userInfo]) => review(account(), { uid, operation, userInfo })),
    fc.tuple(json, json).map(([metadata, spec]) => review({ kind: "Account", metadata, spec })),
  );
  const path = fc.constantFrom(mutatePath, validatePath);
  const property = fc.asyncProperty(anything, path, async (body, at) => {
    expect([200, 400]).toContain(await sendJson(body, at));
  });
  await fc.assert(property, { numRuns: 300 });
  expect(counted.errors).toBe(0);
});

test("whatever bytes come are refused with 400", async () => {
  const property = fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), async (bytes) => {
    // A number or a text of one character may be JSON, but no review.
    expect(await send({ pieces: [bytes] })).toBe(400);
  });
  await fc.assert(property, { numRuns: 100 });
  expect(counted.errors).toBe(0);
});

test.each<[string, unknown, number]>([
  ["a name of a prototype", JSON.parse('{"__proto__": {"uid": "u"}, "constructor": 1}'), 400],
  ["a type of a prototype", review(account({ type: "__proto__" })), 200],
  [
    "an account of wide maps",
    review(account({ type: "org", data: Object.fromEntries(Array.from({ length: 50_000 }, (_, n) => [`k${n}`, n])) })),
    200,
  ],
  ["a nesting that can be worked on", review(account({ type: "org", data: nested(400) })), 200],
  ["a nesting that cannot", review(account({ type: "org", data: nested(600) })), 400],
  ["an older version of reviews", { ...review(account()), apiVersion: "admission.k8s.io/v1beta1" }, 400],
  ["a review of something else", review({ kind: "Workspace", metadata: { name: "a" } }), 400],
])("%s is answered with %3$d", async (_, body, code) => {
  expect(await sendJson(body)).toBe(code);
});

function nested(depth: number): unknown {
  let value: unknown = {};
  for (let level = 0; level < depth; level++) value = { value };
  return value;
}

test("a body without a length ends where it is too large", async () => {
  const pieces = Array.from({ length: 64 }, () => " ".repeat(mebibyte / 4));
  expect([413, "reset"]).toContain(await send({ pieces }));
  expect(await sendJson(review(account()))).toBe(200);
});

test("a client that goes away in the middle is no error, and holds nothing", async () => {
  const errors = counted.errors;
  const gone = Array.from({ length: 20 }, async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const headers = { "content-type": "application/json", "content-length": 1000 };
    const options = { port: server.port, path: validatePath, method: "POST", headers, rejectUnauthorized: false };
    const sent = request({ ...options, agent: false });
    sent.on("error", () => resolve());
    sent.on("close", () => resolve());
    sent.write('{"apiVersion":', () => sent.destroy());
    await promise;
  });
  await Promise.all(gone);
  await expect.poll(() => counted.started - counted.answered).toBe(0);
  expect(counted.errors).toBe(errors);
  expect(await sendJson(review(account()))).toBe(200);
});

test("what was refused, judged or repeated a thousand times is not kept", async () => {
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  const used = () => {
    collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const large = " ".repeat(mebibyte);
  const round = async () => {
    for (let turn = 0; turn < 8; turn++) {
      await Promise.all([
        ...Array.from({ length: 10 }, () => sendJson(review(account()))),
        ...Array.from({ length: 10 }, (_, n) => sendJson(review(account({ type: `type-${turn}-${n}` })))),
        ...Array.from({ length: 10 }, () => send({ pieces: ["["] })),
        ...Array.from({ length: 6 }, () => sendJson(nested(600))),
        ...Array.from({ length: 4 }, () => send({ pieces: [large, "x"] })),
        ...Array.from({ length: 2 }, () => send({ pieces: [large, large, large, large, large] })),
      ]);
    }
  };
  await round();
  const before = used();
  await round();
  await round();
  // 200 MiB went through in the meantime.
  await expect.poll(() => used() - before).toBeLessThan(10 * mebibyte);
  await expect.poll(() => counted.started - counted.answered).toBe(0);
});

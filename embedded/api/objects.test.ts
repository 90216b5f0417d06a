import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { asArray, asString, at } from "../json.ts";
import { soon, TestServer } from "../test-client.ts";

let server: TestServer;
const types = "/clusters/root/apis/tenancy.kcp.io/v1alpha1/workspacetypes";
const apply = "application/apply-patch+yaml";
const merge = "application/merge-patch+json";

beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());

const workspaceType = (name: string, spec: object = {}, metadata: object = {}) => ({
  apiVersion: "tenancy.kcp.io/v1alpha1",
  kind: "WorkspaceType",
  metadata: { name, ...metadata },
  spec,
});
const create = (name: string, spec?: object, metadata?: object) =>
  server.raw("POST", types, workspaceType(name, spec, metadata));

describe("a created object", () => {
  test("has defaults, a generation, its cluster, and nothing that nobody knows", async () => {
    const { code, body } = await create("made", { initializer: true, unknown: 1 });
    expect(code).toBe(201);
    expect(body).toMatchObject({
      metadata: { generation: 1, annotations: { "kcp.io/cluster": "root" } },
      spec: { initializer: true, defaultChildWorkspaceType: { name: "universal", path: "root" } },
    });
    expect(at(body.spec, "unknown")).toBeUndefined();
  });

  test("with fieldValidation=Strict is refused for what nobody knows", async () => {
    const { code, body } = await server.raw("POST", `${types}?fieldValidation=Strict`, workspaceType("x", { nope: 1 }));
    expect(code).toBe(400);
    expect(body.message).toContain('strict decoding error: unknown field "spec.nope"');
  });

  test("is refused when it exists, has no name or does not fit its schema", async () => {
    expect(await create("universal")).toMatchObject({ code: 409, body: { reason: "AlreadyExists" } });
    expect(await server.raw("POST", types, { ...workspaceType("x"), metadata: {} })).toMatchObject({
      code: 422,
      body: { details: { causes: [{ field: "metadata.name", reason: "FieldValueRequired" }] } },
    });
    expect(await create("x", { extend: { with: [{}] } })).toMatchObject({
      code: 422,
      body: { message: 'WorkspaceType.tenancy.kcp.io "x" is invalid: spec.extend.with[0].name: Required value' },
    });
  });

  test("is not stored by a dry run", async () => {
    expect(await server.raw("POST", `${types}?dryRun=All`, workspaceType("dry"))).toMatchObject({ code: 201 });
    expect(await server.raw("GET", `${types}/dry`)).toMatchObject({ code: 404 });
  });
});

describe("an update", () => {
  test("with an old resourceVersion is a conflict", async () => {
    await create("versioned");
    const patch = { metadata: { resourceVersion: "1" }, spec: { initializer: true } };
    expect(await server.raw("PATCH", `${types}/versioned`, patch, { type: merge })).toMatchObject({
      code: 409,
      body: { reason: "Conflict" },
    });
  });

  test("counts generations of the spec alone, and writes nothing when nothing changes", async () => {
    await create("counted");
    const patch = (body: object, path = "") =>
      server.raw("PATCH", `${types}/counted${path}`, body, { type: merge }).then((answer) => answer.body.metadata);
    const labelled = await patch({ metadata: { labels: { a: "b" } } });
    expect(labelled).toMatchObject({ generation: 1 });
    const same = await patch({ metadata: { labels: { a: "b" } } });
    expect(at(same, "resourceVersion")).toBe(at(labelled, "resourceVersion"));
    expect(await patch({ spec: { initializer: true } })).toMatchObject({ generation: 2 });
    expect(await patch({ spec: { terminator: true } }, "/status")).toMatchObject({ generation: 2 });
  });
});

describe("a deletion", () => {
  test("waits for finalizers, takes no new ones, and keeps its preconditions", async () => {
    await create("held", {}, { finalizers: ["a.b/c"] });
    const path = `${types}/held`;
    expect(await server.raw("DELETE", path, { preconditions: { uid: "other" } })).toMatchObject({ code: 409 });
    expect((await server.raw("DELETE", path)).body.metadata).toMatchObject({ generation: 2, finalizers: ["a.b/c"] });
    const finalizers = (names: readonly string[] | null) =>
      server.raw("PATCH", path, { metadata: { finalizers: names } }, { type: merge });
    expect(await finalizers(["a.b/c", "d.e/f"])).toMatchObject({ code: 422 });
    expect(await finalizers(null)).toMatchObject({ code: 200 });
    expect(await server.raw("GET", path)).toMatchObject({ code: 404 });
  });

  test("takes dependents in the same workspace along", async () => {
    const { body } = await create("owner");
    const owner = { apiVersion: body.apiVersion, kind: body.kind, name: "owner", uid: at(body, "metadata", "uid") };
    await create("owned", {}, { ownerReferences: [owner] });
    await server.raw("DELETE", `${types}/owner`);
    await soon(async () => ((await server.raw("GET", `${types}/owned`)).code === 404 ? true : undefined));
  });
});

describe("server-side apply", () => {
  const as = (manager: string, spec: object, more = "") =>
    server.raw("PATCH", `${types}/applied?fieldManager=${manager}${more}`, workspaceType("applied", spec), {
      type: apply,
    });

  test("makes, owns, conflicts, takes over and releases", async () => {
    expect(await as("one", { initializer: true, terminator: true })).toMatchObject({ code: 201 });
    expect(await as("two", { initializer: false })).toMatchObject({
      code: 409,
      body: { message: 'Apply failed with 1 conflict: conflict with "one": .spec.initializer' },
    });
    expect(await as("two", { initializer: false }, "&force=true")).toMatchObject({
      body: { spec: { initializer: false } },
    });
    const released = await as("one", {});
    expect(at(released.body.spec, "terminator")).toBeUndefined();
    expect(at(released.body.spec, "initializer")).toBe(false);
  });
});

describe("a list", () => {
  test("comes in pages, and selects by labels and name", async () => {
    const page = (query: string) => server.raw("GET", `${types}?${query}`).then(({ body }) => body);
    const all = asArray((await page("")).items).length;
    const first = await page("limit=2");
    expect(first).toMatchObject({ metadata: { remainingItemCount: all - 2 } });
    const rest = await page(`limit=500&continue=${asString(at(first, "metadata", "continue"))}`);
    expect(asArray(rest.items).length).toBe(all - 2);
    await create("chosen", {}, { labels: { colour: "red" } });
    expect(asArray((await page("labelSelector=colour%20in%20(red,blue)")).items).length).toBe(1);
    expect(asArray((await page("fieldSelector=metadata.name%3Dteam")).items).length).toBe(1);
    expect(await server.raw("GET", `${types}?fieldSelector=spec.x%3D1`)).toMatchObject({ code: 400 });
  });
});

import { createHash } from "node:crypto";
import { asObject, isArray, isObject, type Json, type JsonObject } from "../json.ts";
import type { ResourceType, Version } from "../resources/resource-type.ts";
import type { Schema } from "../schema/schema.ts";
import { common, componentsBase, listMetaName, metaName, reference } from "./open-api-common.ts";

/** The answer to a path below `/openapi/`, for kubectl's apply and explain; `undefined` if it names nothing. */
export function openApi(types: readonly ResourceType[], path: string): JsonObject | undefined {
  if (path === "/openapi/v2") return documentOf(types);
  if (path === "/openapi/v3") return index(types);
  const [, group = "", version] = /^\/openapi\/v3\/(?:api|apis\/([^/]+))\/([^/]+)$/.exec(path) ?? [];
  const served = types.flatMap((type) =>
    type.group === group
      ? type.versions.filter(({ name }) => name === version).map((each) => ({ type, version: each }))
      : [],
  );
  return served.length > 0 ? describe(served) : undefined;
}

const rootOf = (group: string, version: string): string => (group ? `apis/${group}/${version}` : `api/${version}`);

function index(types: readonly ResourceType[]): JsonObject {
  const roots = new Map<string, string>();
  for (const type of types) {
    for (const { name } of type.versions) {
      const root = rootOf(type.group, name);
      const path = `/openapi/v3/${root}`;
      const hash = createHash("sha512")
        .update(JSON.stringify(openApi(types, path)))
        .digest("hex")
        .toUpperCase();
      if (!roots.has(root)) roots.set(root, `${path}?hash=${hash}`);
    }
  }
  return {
    paths: Object.fromEntries([...roots].map(([root, url]) => [root, { serverRelativeURL: url }])),
  };
}

interface Served {
  readonly type: ResourceType;
  readonly version: Version;
}

function describe(served: readonly Served[]): JsonObject {
  return {
    openapi: "3.0.0",
    info: { title: "Embedded control plane", version: "v0.1.0" },
    paths: Object.fromEntries(served.flatMap(pathsOf)),
    components: { schemas: { ...common, ...Object.fromEntries(served.flatMap(schemasOf)) } },
  };
}

function documentOf(types: readonly ResourceType[]): JsonObject {
  const served = types.flatMap((type) => type.versions.map((version) => ({ type, version })));
  const definitions: JsonObject = { ...common, ...Object.fromEntries(served.flatMap(schemasOf)) };
  return {
    swagger: "2.0",
    info: { title: "Embedded control plane", version: "v0.1.0" },
    paths: {},
    definitions: asObject(withReferences(definitions, "#/definitions/")),
  };
}

function withReferences(value: Json | undefined, base: string): Json {
  if (isArray(value)) return value.map((item) => withReferences(item, base));
  if (!isObject(value)) return value ?? null;
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) =>
      key === "$ref" && typeof child === "string"
        ? [key, child.replace(componentsBase, base)]
        : [key, withReferences(child, base)],
    ),
  );
}

/** `io.platform-mesh.core.v1alpha1.Account`. */
function nameOf({ group, kind, isNative }: ResourceType, { name }: Version): string {
  const reversed = group.split(".").reverse().join(".");
  if (isNative) return `io.k8s.api.${group.split(".")[0] || "core"}.${name}.${kind}`;
  return `${reversed}.${name}.${kind}`;
}

function schemasOf({ type, version }: Served): readonly (readonly [string, Json])[] {
  const { group, kind, listKind } = type;
  const name = nameOf(type, version);
  const meaning = (of: string) => [{ group, kind: of, version: version.name }];
  const { properties, ...schema } = asObject(published(version.schema));
  const object = {
    ...schema,
    type: "object",
    properties: { ...asObject(properties), metadata: { allOf: [reference(metaName)], default: {} } },
    "x-kubernetes-group-version-kind": meaning(kind),
  };
  const list = {
    type: "object",
    description: `A list of ${kind} objects.`,
    required: ["items"],
    properties: {
      apiVersion: { type: "string" },
      items: { type: "array", items: reference(name) },
      kind: { type: "string" },
      metadata: reference(listMetaName),
    },
    "x-kubernetes-group-version-kind": meaning(listKind),
  };
  return [
    [name, object],
    [`${name}List`, list],
  ];
}

/** A schema as clients may see it, without what only this server understands. */
function published(schema: Schema): Json {
  const clean = (value: Json | undefined): Json => {
    if (isArray(value)) return value.map(clean);
    if (!isObject(value)) return value ?? null;
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, child]) => {
        if (isOurs(key, child)) return [];
        return [[key, clean(child)]];
      }),
    );
  };
  return clean(schema as unknown as Json);
}

const isOurs = (key: string, value: Json | undefined): boolean =>
  (key === "immutable" && typeof value === "string") || ((key === "transitions" || key === "rules") && isArray(value));

const parameter = (name: string, type = "string"): Json => ({ name, in: "query", schema: { type, uniqueItems: true } });
const writeParameters = ["dryRun", "fieldManager", "fieldValidation"].map((name) => parameter(name));

function pathsOf({ type, version }: Served): readonly (readonly [string, Json])[] {
  const { group, kind, plural, namespaced } = type;
  const root = `/${rootOf(group, version.name)}/${namespaced ? "namespaces/{namespace}/" : ""}${plural}`;
  const about = { "x-kubernetes-group-version-kind": { group, kind, version: version.name } };
  const body = { content: { "application/json": { schema: reference(nameOf(type, version)) } } };
  const ok = { "200": { description: "OK", ...body } };
  const operation = (action: string, more: JsonObject = {}): Json => ({
    "x-kubernetes-action": action,
    ...about,
    ...more,
    responses: ok,
  });
  const write = { parameters: writeParameters };
  const patch = { parameters: [...writeParameters, parameter("force", "boolean")] };
  const status = {
    get: operation("get"),
    put: operation("put", { ...write, requestBody: body }),
    patch: operation("patch", patch),
  };
  return [
    [root, { get: operation("list"), post: operation("post", { ...write, requestBody: body }) }],
    [
      `${root}/{name}`,
      {
        get: operation("get"),
        put: operation("put", { ...write, requestBody: body }),
        patch: operation("patch", patch),
        delete: operation("delete"),
      },
    ],
    ...(version.hasStatus ? [[`${root}/{name}/status`, status] as const] : []),
  ];
}

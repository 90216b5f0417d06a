import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Kubectl } from "../../tools/knative/kubectl.ts";

type Schema = Readonly<Record<string, unknown>>;
const schemaSchema = z.record(z.string(), z.unknown());
const swaggerSchema = z.looseObject({ definitions: z.record(z.string(), schemaSchema) });
const kindsSchema = z.array(z.object({ group: z.string(), version: z.string(), kind: z.string() }));
const crdSchema = z.looseObject({
  spec: z.looseObject({
    group: z.string(),
    names: z.looseObject({ kind: z.string() }),
    versions: z.array(z.looseObject({ name: z.string(), schema: z.looseObject({ openAPIV3Schema: schemaSchema }) })),
  }),
});

/** Writes JSON Schemas for kubeconform into a folder: Kubernetes' own kinds as a real API server publishes them, others
 *  from their definitions. Answers where kubeconform finds them. */
export async function writeSchemas(folder: string, kubectl: Kubectl, crds: readonly unknown[]): Promise<string> {
  await mkdir(folder, { recursive: true });
  const write = (name: string, schema: unknown) => writeFile(join(folder, name), JSON.stringify(schema));
  const { definitions } = swaggerSchema.parse(JSON.parse(await kubectl(["get", "--raw", "/openapi/v2"])));
  const known = Object.fromEntries(
    Object.entries(definitions).map(([name, schema]) => [name, strict(named(name, schema))]),
  );
  await write("definitions.json", { definitions: known });
  for (const [name, schema] of Object.entries(definitions)) {
    for (const { group, version, kind } of kindsSchema.parse(schema["x-kubernetes-group-version-kind"] ?? [])) {
      await write(fileName({ group, version, kind }), { $ref: `definitions.json#/definitions/${name}` });
    }
  }
  for (const crd of crds) {
    const { group, names, versions } = crdSchema.parse(crd).spec;
    for (const { name: version, schema } of versions) {
      const {
        apiVersion: _a,
        kind: _k,
        metadata: _m,
        ...properties
      } = schemaSchema.parse(schema.openAPIV3Schema.properties ?? {});
      const any = { apiVersion: {}, kind: {}, metadata: {} };
      const whole = { ...schema.openAPIV3Schema, properties: { ...properties, ...any } };
      await write(fileName({ group, version, kind: names.kind }), strict(whole));
    }
  }
  return join(folder, "{{.ResourceKind}}-{{.Group}}-{{.ResourceAPIVersion}}.json");
}

/** kubeconform takes the version for the group where there is none. */
const fileName = ({ group, version, kind }: z.infer<typeof kindsSchema>[number]) =>
  `${kind.toLowerCase()}-${group || version}-${version}.json`;

/** Two definitions that OpenAPI 2 cannot say. */
function named(name: string, schema: Schema): Schema {
  if (name.endsWith(".IntOrString") || name.endsWith(".Quantity")) return { type: ["string", "number"] };
  return schema;
}

/** Fields that nobody knows are refused, as `kubectl apply --validate=strict` does. */
function strict(schema: Schema): Schema {
  if (schema["x-kubernetes-int-or-string"]) return { type: ["string", "number"] };
  const entries = Object.entries(schema).map(([keyword, value]) => [keyword, inside(keyword, value)]);
  const closed = Object.fromEntries(entries);
  if (typeof closed.$ref === "string")
    return { ...closed, $ref: closed.$ref.replace("#/definitions/", "definitions.json#/definitions/") };
  const isOpen = schema["x-kubernetes-preserve-unknown-fields"] === true || "additionalProperties" in schema;
  return "properties" in schema && !isOpen ? { ...closed, additionalProperties: false } : closed;
}

function inside(keyword: string, value: unknown): unknown {
  const isMap = keyword === "properties" || keyword === "definitions";
  const parsed = schemaSchema.safeParse(value);
  if (isMap && parsed.success) {
    return Object.fromEntries(
      Object.entries(parsed.data).map(([key, each]) => [key, strict(schemaSchema.parse(each))]),
    );
  }
  const isSchema = ["items", "additionalProperties", "not"].includes(keyword) && parsed.success;
  return isSchema ? strict(parsed.data) : value;
}

import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { claimsOf, key } from "../doctor/claims.ts";
import { loadSteps, type Manifest, manifestsFolder, resourceOf } from "./manifests.ts";

const steps = await loadSteps(manifestsFolder, { tenancyIdentityHash: "5ca1ab1e" });
const all = steps.flatMap(({ workspace, objects }) => objects.map((object) => ({ workspace, object })));
const named = (kind: string, ending = ""): Manifest => {
  const found = all.find(({ object }) => object.kind === kind && object.metadata.name.endsWith(ending));
  if (!found) throw new Error(`no ${kind} ${ending}`);
  return found.object;
};

describe("the shipped manifests", () => {
  test("go to root, root:platform-mesh-system, root again and root:orgs, in that order", () => {
    const order = steps.map(({ workspace }) => workspace).filter((path, index, paths) => path !== paths[index - 1]);
    expect(order).toEqual(["root", "root:platform-mesh-system", "root", "root:orgs"]);
  });

  test("create no workspace before its type, and nothing in a workspace before that", () => {
    const position = (kind: string, name: string) =>
      all.findIndex(({ object }) => object.kind === kind && object.metadata.name === name);
    expect(position("WorkspaceType", "providers")).toBeLessThan(position("Workspace", "providers"));
    expect(position("WorkspaceType", "orgs")).toBeLessThan(position("Workspace", "orgs"));
    expect(position("Workspace", "platform-mesh-system")).toBeLessThan(position("APIExport", "core.platform-mesh.io"));
    expect(position("Workspace", "orgs")).toBeLessThan(all.findIndex(({ workspace }) => workspace === "root:orgs"));
  });

  test("name this kcp's tenancy identity wherever tenancy is claimed", () => {
    for (const object of [named("APIExport"), named("APIBinding")]) {
      for (const { group, identityHash } of claimsOf(object)) {
        expect(identityHash || undefined).toBe(group === "tenancy.kcp.io" ? "5ca1ab1e" : undefined);
      }
    }
    expect(JSON.stringify(all)).not.toContain("{{");
  });

  test("accept in root:platform-mesh-system exactly what the export claims", () => {
    expect(claimsOf(named("APIBinding")).map(key)).toEqual(claimsOf(named("APIExport")).map(key));
  });

  test("keep workspaces that exist up to date with every type's bindings", () => {
    for (const { object } of all.filter((each) => each.object.kind === "WorkspaceType")) {
      expect(object.spec, object.metadata.name).toMatchObject({ defaultAPIBindingLifecycle: "Maintain" });
    }
  });

  test("hold no workspace back for a security function that nobody runs", () => {
    expect(named("WorkspaceType", "security").spec).toMatchObject({ initializer: false, terminator: false });
  });

  test("export the schemas under the names that follow from their content", () => {
    const names = all
      .filter(({ object }) => object.kind === "APIResourceSchema")
      .map(({ object }) => object.metadata.name);
    expect(names).toEqual([
      expect.stringMatching(/^v[0-9a-f]{8}\.accounts\.core\.platform-mesh\.io$/),
      expect.stringMatching(/^v[0-9a-f]{8}\.accountinfos\.core\.platform-mesh\.io$/),
      expect.stringMatching(/^v[0-9a-f]{8}\.memberships\.core\.platform-mesh\.io$/),
    ]);
    expect(named("APIExport").spec).toMatchObject({ resources: names.map((schema) => ({ schema })) });
  });
});

// The reference's schemas v260109-82344be.accounts and v260126-7c674ee.accountinfos, as facts.
describe("001-F01 the schemas hold everything of the reference", () => {
  const versionOf = (plural: string) => {
    const { spec } = named("APIResourceSchema", `.${plural}.core.platform-mesh.io`);
    return (
      spec as { versions: [{ additionalPrinterColumns?: unknown; schema: { properties: Record<string, unknown> } }] }
    ).versions[0];
  };

  test("Account: columns, fields and validation", () => {
    const { additionalPrinterColumns, schema } = versionOf("accounts");
    expect(additionalPrinterColumns).toEqual([
      { name: "Display Name", type: "string", jsonPath: ".spec.displayName" },
      { name: "Type", type: "string", jsonPath: ".spec.type" },
      { name: "Ready", type: "string", jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
      { name: "Phase", type: "string", jsonPath: ".status.phase" },
    ]);
    expect(schema.properties).toMatchObject({
      spec: {
        required: ["displayName", "type"],
        properties: {
          creator: { type: "string" },
          data: { "x-kubernetes-preserve-unknown-fields": true },
          description: { type: "string" },
          displayName: { type: "string", maxLength: 255 },
          extensions: {
            type: "array",
            items: {
              required: ["specGoTemplate"],
              properties: {
                apiVersion: { type: "string" },
                kind: { type: "string" },
                metadataGoTemplate: { "x-kubernetes-preserve-unknown-fields": true },
                readyConditionType: { type: "string" },
                specGoTemplate: { "x-kubernetes-preserve-unknown-fields": true },
              },
            },
          },
          type: { type: "string" },
        },
      },
      status: {
        properties: {
          conditions: {
            type: "array",
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["type"],
            items: {
              required: ["lastTransitionTime", "message", "reason", "status", "type"],
              properties: {
                lastTransitionTime: { type: "string", format: "date-time" },
                message: { type: "string", maxLength: 32768 },
                observedGeneration: { type: "integer", format: "int64", minimum: 0 },
                reason: {
                  type: "string",
                  minLength: 1,
                  maxLength: 1024,
                  pattern: "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$",
                },
                status: { type: "string", enum: ["True", "False", "Unknown"] },
                type: {
                  type: "string",
                  maxLength: 316,
                  pattern:
                    "^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$",
                },
              },
            },
          },
          nextReconcileTime: { type: "string", format: "date-time" },
          observedGeneration: { type: "integer", format: "int64" },
          phase: { type: "string" },
        },
      },
    });
  });

  test("Account types are not limited: an installation may add some", () => {
    expect(versionOf("accounts").schema.properties).not.toHaveProperty("spec.properties.type.enum");
  });

  test("AccountInfo: fields and validation", () => {
    const text = { type: "string" };
    const location = {
      required: ["generatedClusterId", "name", "originClusterId", "path", "type", "url"],
      properties: { generatedClusterId: text, name: text, originClusterId: text, path: text, type: text, url: text },
    };
    expect(versionOf("accountinfos").schema.properties).toMatchObject({
      spec: {
        required: ["account", "clusterInfo", "fga", "organization"],
        properties: {
          account: location,
          parentAccount: location,
          organization: location,
          clusterInfo: { required: ["ca"], properties: { ca: text } },
          fga: { required: ["store"], properties: { store: { required: ["id"], properties: { id: text } } } },
          oidc: {
            required: ["clients", "issuerUrl"],
            properties: {
              clients: { additionalProperties: { required: ["clientId"], properties: { clientId: text } } },
              issuerUrl: text,
            },
          },
          data: { "x-kubernetes-preserve-unknown-fields": true },
        },
      },
      status: { type: "object" },
    });
  });
});

test("a schema gets another name when its content changes, and only then", async () => {
  const nameWith = async (description: string) => {
    const folder = await mkdtemp(join(tmpdir(), "manifests-"));
    await mkdir(join(folder, "01-root.a"));
    await writeFile(join(folder, "README.md"), "for people");
    const schema = `apiVersion: v1\nkind: APIResourceSchema\nmetadata: { name: things }\nspec: { description: ${description} }\n`;
    await writeFile(join(folder, "01-root.a", "1-the-schema.yaml"), schema);
    const [step] = await loadSteps(pathToFileURL(`${folder}/`), { tenancyIdentityHash: "" });
    expect(step).toMatchObject({ workspace: "root:a", title: "the schema" });
    return step?.objects[0]?.metadata.name;
  };
  expect(await nameWith("one")).toBe(await nameWith("one"));
  expect(await nameWith("one")).not.toBe(await nameWith("two"));
});

test.each([
  [
    "tenancy.kcp.io/v1alpha1",
    "WorkspaceType",
    { group: "tenancy.kcp.io", version: "v1alpha1", plural: "workspacetypes" },
  ],
  ["v1", "Secret", { group: "", version: "v1", plural: "secrets" }],
])("%s %s is served as its plural", (apiVersion, kind, resource) => {
  expect(resourceOf({ apiVersion, kind })).toEqual(resource);
});

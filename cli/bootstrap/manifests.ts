import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { loadAll } from "js-yaml";
import { z } from "zod";
import type { Call } from "../../shared/kcp/client.ts";
import type { Resource } from "../../shared/kcp/kinds.ts";
import type { Client } from "../../shared/kcp/rest.ts";
import { packageJson } from "../home.ts";

/** Home of the schemas and the export, which every org and account binds. */
export { systemWorkspace } from "../../shared/names.ts";

export const manifestsFolder = new URL("deploy/kcp/", packageJson);

const manifestSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().exactOptional() }),
});
/** An object as it shall be. */
export type Manifest = z.infer<typeof manifestSchema>;

/** Objects that go to one workspace, in order. */
export interface Step {
  readonly workspace: string;
  readonly title: string;
  readonly objects: readonly Manifest[];
  /** Those of them that are changed even without --upgrade: a flag asks for it. */
  readonly asked?: readonly Manifest[];
  /** What kcp still lacks before they do their work; asked until it is nothing. */
  readonly lacks?: (client: Client, call: Call) => Promise<string | undefined>;
  /** What must not be there any more after that. Where it was replaced it goes by itself, else with --upgrade only. */
  readonly unwanted?: { readonly objects: readonly Manifest[]; readonly isReplaced: boolean };
}
/** One file of manifests. */
export interface FileStep extends Step {
  /** Below the folder of the manifests, as `01-root/2-workspaces.yaml`. */
  readonly file: string;
}
/** What the files cannot know; written `{{name}}` in them. */
export interface Values {
  readonly tenancyIdentityHash: string;
  /** Further ones, by name. */
  readonly texts?: Readonly<Record<string, string>>;
}
/** A server that answers admission reviews. */
export interface Webhooks {
  /** Without a slash at its end. */
  readonly url: string;
  /** PEM certificates that vouch for it. */
  readonly ca: string;
}

/** Reads the folders `<number>-<workspace path with dots>` in order, and in each its files in order. */
export async function loadSteps(folder: URL, values: Values): Promise<readonly FileStep[]> {
  const steps: FileStep[] = [];
  for (const place of await sortedNames(folder)) {
    const inPlace = new URL(`${place}/`, folder);
    for (const file of await sortedNames(inPlace)) {
      const text = await readFile(new URL(file, inPlace), "utf8");
      const objects = z.array(manifestSchema).parse(loadAll(fill(text, values)));
      const workspace = withoutNumber(place).replaceAll(".", ":");
      steps.push({ file: `${place}/${file}`, workspace, title: titleOf(file), objects });
    }
  }
  return withVersionedSchemas(steps);
}

const sortedNames = async (folder: URL) => (await readdir(folder)).filter((name) => /^\d+-/.test(name)).sort();
const withoutNumber = (name: string) => name.replace(/^\d+-/, "");
const titleOf = (file: string) =>
  withoutNumber(file)
    .replace(/\.yaml$/, "")
    .replaceAll("-", " ");

/** In one pass, so that what a text holds is never taken for a name. */
function fill(text: string, { tenancyIdentityHash, texts }: Values): string {
  const all = new Map(Object.entries({ tenancyIdentityHash, ...texts }));
  return text.replace(/\{\{(\w+)\}\}/g, (found, name) => all.get(name) ?? found);
}

const exportSchema = z.looseObject({ resources: z.array(z.looseObject({ schema: z.string() })).default([]) });

/** kcp never lets a schema change: each content gets a name of its own, and the export points to that name. */
function withVersionedSchemas(steps: readonly FileStep[]): readonly FileStep[] {
  const versioned = new Map<string, string>();
  const rename = (object: Manifest): Manifest => {
    const { name } = object.metadata;
    if (object.kind === "APIResourceSchema") {
      versioned.set(name, `v${digest(object.spec)}.${name}`);
      return { ...object, metadata: { ...object.metadata, name: versioned.get(name) ?? name } };
    }
    if (object.kind !== "APIExport") return object;
    const spec = exportSchema.parse(object.spec);
    const resources = spec.resources.map((entry) => ({
      ...entry,
      schema: versioned.get(entry.schema) ?? entry.schema,
    }));
    return { ...object, spec: { ...spec, resources } };
  };
  return steps.map((step) => ({ ...step, objects: step.objects.map(rename) }));
}

const digest = (content: unknown) => createHash("sha256").update(JSON.stringify(content)).digest("hex").slice(0, 8);

/** Where kcp serves objects of this kind. All kinds that the manifests use have regular plurals. */
export function resourceOf({ apiVersion, kind }: { readonly apiVersion: string; readonly kind: string }): Resource {
  const [group, version] = apiVersion.includes("/") ? apiVersion.split("/", 2) : ["", apiVersion];
  return { group: group ?? "", version: version ?? "", plural: `${kind.toLowerCase()}s`.replace(/ys$/, "ies") };
}

/** As people call an object: `Workspace orgs in root`. */
export const nameOf = (workspace: string, { kind, metadata }: Manifest): string =>
  `${kind} ${metadata.name} in ${workspace}`;

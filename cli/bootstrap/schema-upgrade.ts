import { z } from "zod";
import type { Call } from "../../shared/kcp/client.ts";
import type { Client } from "../../shared/kcp/rest.ts";
import { CliError } from "../errors.ts";
import { type Manifest, type Step, systemWorkspace } from "./manifests.ts";
import { readLive } from "./plan.ts";
import { breakingChanges } from "./schema-changes.ts";

const exported = z.looseObject({
  spec: z.looseObject({
    resources: z
      .array(z.looseObject({ group: z.string(), name: z.string(), schema: z.string() }))
      .optional()
      .default([]),
  }),
});
const described = z.looseObject({
  group: z.string(),
  names: z.looseObject({ plural: z.string() }),
});

/** Throws a CliError when a schema in use would be replaced by one that breaks objects or clients of the old one. */
export async function refuseBreakingSchemas(client: Client, steps: readonly Step[], call: Call): Promise<void> {
  const objects = steps.filter(({ workspace }) => workspace === systemWorkspace).flatMap((step) => step.objects);
  const ofKind = (kind: string) => objects.filter((object) => object.kind === kind);
  const breaks: string[] = [];
  for (const exporting of ofKind("APIExport")) {
    const live = await readLive(client, systemWorkspace, exporting, call);
    if (!live) continue;
    for (const { group, name, schema } of exported.parse(live).spec.resources) {
      const next = ofKind("APIResourceSchema").find((candidate) => describes(candidate, group, name));
      if (!next || next.metadata.name === schema) continue;
      const old = await readLive(client, systemWorkspace, { ...next, metadata: { name: schema } }, call);
      if (old && "spec" in old) breaks.push(...breakingChanges(old.spec, next.spec).map((what) => `${name} ${what}`));
    }
  }
  if (breaks.length === 0) return;
  throw new CliError("the new schemas would break objects that exist", {
    where: `APIExport in ${systemWorkspace}`,
    why: breaks.join("\n         "),
    next: "check the objects, then pm bootstrap --upgrade --force",
  });
}

function describes({ spec }: Manifest, group: string, plural: string): boolean {
  const schema = described.parse(spec);
  return schema.group === group && schema.names.plural === plural;
}

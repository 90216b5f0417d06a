import { z } from "zod";
import { clusterOf } from "../../shared/kcp/objects.ts";
import type { Client } from "../../shared/kcp/rest.ts";
import { coreExport } from "../../shared/names.ts";
import { systemWorkspace } from "../bootstrap/manifests.ts";
import { missing } from "../bootstrap/missing.ts";
import { type Check, fail, few, ok, warn } from "./check.ts";
import { type Claim, claimsOf, coreBindings, key, manifestOf } from "./claims.ts";
import type { View } from "./view.ts";

const upgrade = "pm bootstrap --upgrade";
const exports = { group: "apis.kcp.io", version: "v1alpha2", plural: "apiexports" };
const schemas = { group: "apis.kcp.io", version: "v1alpha1", plural: "apiresourceschemas" };

const apiExport = z.looseObject({
  kind: z.string(),
  spec: z.looseObject({
    resources: z
      .array(z.looseObject({ group: z.string(), name: z.string(), schema: z.string() }))
      .optional()
      .default([]),
    maximalPermissionPolicy: z.looseObject({ local: z.unknown() }).optional(),
  }),
});

async function readExport(client: Client) {
  const found = await client.read(exports, { cluster: systemWorkspace, name: coreExport });
  return found && { ...apiExport.parse(found), claims: claimsOf(found) };
}

const noExport = fail(`${systemWorkspace} has no APIExport ${coreExport}`, "pm bootstrap");

const present: Check = {
  id: "EXPORT",
  async run({ operator, isSecured }) {
    const found = await readExport(operator);
    if (!found) return noExport;
    const lacks = missing(found);
    if (lacks)
      return fail(`APIExport ${coreExport}: ${lacks}`, "see the log of kcp; pm bootstrap makes the export again");
    const has = new Set(found.claims.map(key));
    const unclaimed = claimsOf(await manifestOf("APIExport", await isSecured()))
      .map(key)
      .filter((claim) => !has.has(claim));
    if (unclaimed.length > 0) return fail(`APIExport ${coreExport} does not claim ${unclaimed.join(", ")}`, upgrade);
    return ok(`APIExport ${coreExport} with ${found.claims.length} claims`);
  },
};

const protection: Check = {
  id: "PROTECTION",
  async run({ operator }) {
    const found = await readExport(operator);
    if (!found) return noExport;
    if (found.spec.maximalPermissionPolicy?.local)
      return ok("AccountInfo and accounts/status are the functions' alone");
    return warn("no maximalPermissionPolicy: owners of an account can forge its status and AccountInfo", upgrade);
  },
};

const schemaNode: z.ZodType<SchemaNode> = z.lazy(() =>
  z.looseObject({ properties: z.record(z.string(), schemaNode).optional(), enum: z.array(z.unknown()).optional() }),
);
interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>> | undefined;
  readonly enum?: readonly unknown[] | undefined;
}
const apiSchema = z.looseObject({ spec: z.looseObject({ versions: z.array(z.looseObject({ schema: schemaNode })) }) });

const schemaFields: Check = {
  id: "SCHEMAS",
  async run({ operator }) {
    const found = await readExport(operator);
    if (!found) return noExport;
    const field = async (plural: string, path: readonly string[]) => {
      const entry = found.spec.resources.find(({ group, name }) => group === coreExport && name === plural);
      if (!entry) return undefined;
      const schema = await operator.read(schemas, { cluster: systemWorkspace, name: entry.schema });
      let node: SchemaNode | undefined = schema && apiSchema.parse(schema).spec.versions[0]?.schema;
      for (const name of path) node = node?.properties?.[name];
      return node;
    };
    const type = await field("accounts", ["spec", "type"]);
    if (!type) return fail(`APIExport ${coreExport} does not serve accounts`, upgrade);
    const lacks = [
      ...((await field("accounts", ["status", "phase"])) ? [] : ["status.phase of Account, with its column"]),
      ...((await field("accountinfos", ["spec", "data"])) ? [] : ["spec.data of AccountInfo"]),
      ...(type.enum ? [`account types besides ${type.enum.join(" and ")}`] : []),
    ];
    if (lacks.length === 0) return ok("schemas have every field of this version");
    return warn(`these schemas are the reference operator's: no ${lacks.join("; no ")}`, upgrade);
  },
};

const endpoint: Check = {
  id: "ENDPOINT",
  async run({ shards }) {
    if (shards.length > 0) return ok(`virtual workspace on ${shards.length} shard${shards.length > 1 ? "s" : ""}`);
    return fail(
      `APIExportEndpointSlice ${coreExport} has no endpoint: nobody binds the export, or we may not see it`,
      "pm bootstrap",
    );
  },
};

const kinds: Check = {
  id: "CLAIMS",
  needs: "endpoint",
  async run(view) {
    const lists = ["Account", "AccountInfo", "Workspace", "WorkspaceType", "LogicalCluster", "APIBinding"] as const;
    const counts: string[] = [];
    const refused: string[] = [];
    for (const kind of lists) {
      await view.everywhere(kind).then(
        (objects) => counts.push(`${objects.length} ${kind}`),
        (error: unknown) => refused.push(`${kind} (${error instanceof Error ? error.message : error})`),
      );
    }
    if (refused.length === 0) return ok(`the functions see ${counts.join(", ")}`);
    return fail(`the virtual workspace does not serve ${refused.join("; ")}`, upgrade);
  },
};

const identity: Check = {
  id: "KCP-HASH",
  needs: "endpoint",
  async run(view) {
    const found = await readExport(view.operator);
    if (!found) return noExport;
    const claimed = found.claims.find(({ resource }) => resource === "workspaces")?.identityHash;
    const [bound] = (await boundIdentities(view)).filter((hash) => hash !== claimed);
    if (!bound) return ok(`claims name this kcp's identity of tenancy.kcp.io, ${claimed?.slice(0, 8)}…`);
    const message = `kcp was re-created: the export claims workspaces of identity ${claimed}, and tenancy.kcp.io here is ${bound}`;
    return fail(message, `${upgrade}, with an admin kubeconfig of this kcp`);
  },
};

const tenancyBinding = z.looseObject({
  spec: z.looseObject({ reference: z.looseObject({ export: z.looseObject({ name: z.literal("tenancy.kcp.io") }) }) }),
  status: z.looseObject({
    boundResources: z.array(
      z.looseObject({ resource: z.string(), schema: z.looseObject({ identityHash: z.string() }) }),
    ),
  }),
});

/** Identities under which workspaces are bound: one, unless data of another kcp were brought in. */
async function boundIdentities(view: View): Promise<readonly string[]> {
  const bindings = (await view.everywhere("APIBinding")).flatMap((binding) => {
    const { data } = tenancyBinding.safeParse(binding);
    return data ? data.status.boundResources : [];
  });
  return [
    ...new Set(bindings.filter(({ resource }) => resource === "workspaces").map(({ schema }) => schema.identityHash)),
  ];
}

const accepted: Check = {
  id: "BINDINGS",
  needs: "endpoint",
  async run(view) {
    const wanted = claimsOf(await manifestOf("APIExport", await view.isSecured())).map(key);
    const bindings = await coreBindings(view);
    const unbound = bindings.filter(({ phase }) => phase !== "Bound");
    const short = bindings.filter(({ claims }) => lacking(wanted, claims).length > 0);
    if (short.length > 0) {
      const claims = new Set(short.flatMap((binding) => lacking(wanted, binding.claims)));
      const where = few(short.map(({ object }) => object.metadata.annotations?.["kcp.io/path"] ?? clusterOf(object)));
      return fail(`${short.length} workspaces do not accept the claim ${[...claims].join(", ")}: ${where}`, upgrade);
    }
    if (unbound.length > 0)
      return warn(`${unbound.length} of ${bindings.length} bindings are not Bound yet`, "pm doctor again in a minute");
    return ok(`${bindings.length} workspaces bind the export and accept its claims`);
  },
};

const lacking = (wanted: readonly string[], claims: readonly Claim[]): readonly string[] => {
  const has = new Set(claims.map(key));
  return wanted.filter((claim) => !has.has(claim));
};

export const exportChecks: readonly Check[] = [present, schemaFields, protection, endpoint, kinds, identity, accepted];

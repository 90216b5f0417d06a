import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { Call } from "../../shared/kcp/client.ts";
import type { KubeObject } from "../../shared/kcp/objects.ts";
import type { Client } from "../../shared/kcp/rest.ts";
import { type Manifest, resourceOf, type Step } from "./manifests.ts";

export const fieldManager = "account-functions-bootstrap";

/** How one object of kcp stands to its manifest. */
export interface Plan {
  readonly workspace: string;
  readonly object: Manifest;
  /** Changed: it differed. Unwanted: it is there and must not be. */
  readonly state: "missing" | "differs" | "changed" | "same" | "unwanted" | "removed";
  /** Paths of the fields that would change, as `spec.extend.with[1]`. */
  readonly changes: readonly string[];
  /** Somebody else made what is unwanted here: it is left to them. */
  readonly isForeign?: boolean;
}

/** Compares with what kcp would make of the manifest, so that defaults and fields of others are no difference. */
export async function planObject(client: Client, workspace: string, object: Manifest, call?: Call): Promise<Plan> {
  const live = await readLive(client, workspace, object, call);
  if (!live) return { workspace, object, state: "missing", changes: [] };
  const wanted = await client.apply(resourceOf(object), workspace, object, { fieldManager, dryRun: true }, call);
  const changes = changedPaths(owned(live), owned(wanted));
  return { workspace, object, state: changes.length > 0 ? "differs" : "same", changes };
}

/** One plan for each object, in order, also for those that are there and unwanted; writes nothing. */
export async function planAll(client: Client, steps: readonly Step[], call?: Call): Promise<readonly Plan[]> {
  const plans: Plan[] = [];
  for (const step of steps) {
    for (const object of step.objects) plans.push(await planObject(client, step.workspace, object, call));
    plans.push(...(await planRemovals(client, step, call)));
  }
  return plans;
}

/** The last that was made goes first. */
export async function planRemovals(client: Client, step: Step, call?: Call): Promise<readonly Plan[]> {
  const { workspace, unwanted } = step;
  const objects = (unwanted?.objects ?? []).toReversed();
  const live = await Promise.all(objects.map((object) => readLive(client, workspace, object, call)));
  return objects.flatMap((object, index): readonly Plan[] => {
    const found = live[index];
    return found ? [{ workspace, object, state: "unwanted", changes: [], isForeign: !isOurs(found) }] : [];
  });
}

/** Whether bootstrap wrote it. */
export const isOurs = (live: KubeObject): boolean =>
  managed.parse(live).metadata.managedFields.some(({ manager }) => manager === fieldManager);
const managed = z.looseObject({
  metadata: z.looseObject({ managedFields: z.array(z.looseObject({ manager: z.string().optional() })).default([]) }),
});

/** `undefined` also when the workspace is not there yet. */
export async function readLive(
  client: Client,
  workspace: string,
  object: Manifest,
  call?: Call,
): Promise<KubeObject | undefined> {
  const { name, namespace } = object.metadata;
  return client.read(resourceOf(object), { cluster: workspace, name, ...(namespace && { namespace }) }, call);
}

/** The part of an object that a manifest can be about. kcp's own annotations come and go between two looks: a binding is
 *  marked for replication as long as its role exists. */
function owned({ metadata, ...rest }: KubeObject): object {
  const { labels, ownerReferences } = metadata;
  const annotations = Object.entries(metadata.annotations ?? {}).filter(([key]) => !key.startsWith("internal.kcp.io/"));
  return {
    ...rest,
    status: undefined,
    metadata: { labels, annotations: Object.fromEntries(annotations), ownerReferences },
  };
}

/** Paths at which two JSON values differ, the shortest that tell. */
export function changedPaths(before: unknown, after: unknown, path = ""): readonly string[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (!isObject(before) || !isObject(after) || Array.isArray(before) !== Array.isArray(after)) return [path];
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  const below = (key: string) => (Array.isArray(before) ? `${path}[${key}]` : path ? `${path}.${key}` : key);
  return [...keys].flatMap((key) => changedPaths(before[key], after[key], below(key)));
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

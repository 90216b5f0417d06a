import type { FileStep, Manifest } from "./manifests.ts";

/** Lays steps over others: what an object says more is added to the object of its kind and name in the same file, its lists
 *  at the end of those there; objects and files of its own come in the order of their names. */
export function layOver(base: readonly FileStep[], more: readonly FileStep[]): readonly FileStep[] {
  const steps = new Map(base.map((step) => [step.file, step]));
  for (const step of more) {
    const under = steps.get(step.file);
    steps.set(step.file, under ? { ...under, objects: mergeObjects(under.objects, step.objects) } : step);
  }
  return [...steps.values()].sort((a, b) => (a.file < b.file ? -1 : 1));
}

function mergeObjects(base: readonly Manifest[], more: readonly Manifest[]): readonly Manifest[] {
  const isSame = (a: Manifest, b: Manifest) => a.kind === b.kind && a.metadata.name === b.metadata.name;
  const added = more.filter((object) => !base.some((under) => isSame(under, object)));
  const merged = base.map((under) =>
    more.filter((object) => isSame(under, object)).reduce((object, over) => mergeMaps(object, over), under),
  );
  return [...merged, ...added];
}

function mergeMaps<T extends Readonly<Record<string, unknown>>>(under: T, over: Readonly<Record<string, unknown>>): T {
  const merged: Record<string, unknown> = { ...under };
  for (const [key, value] of Object.entries(over)) merged[key] = mergeValues(merged[key], value);
  return { ...under, ...merged };
}

function mergeValues(under: unknown, over: unknown): unknown {
  if (Array.isArray(under) && Array.isArray(over)) return [...under, ...over];
  return isMap(under) && isMap(over) ? mergeMaps(under, over) : over;
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

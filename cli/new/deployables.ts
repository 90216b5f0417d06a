import type { Deployable } from "../../eventing/knative/deployables.ts";
import { generatedFiles } from "../../eventing/knative/generated-files.ts";
import { functions, webhooks } from "../../functions/index.ts";
import { productVersion } from "../version.ts";

export interface Where {
  /** Folder of the product's sources. */
  readonly root: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}
export interface Deployables {
  /** By name within the folder of the new function. */
  readonly inFolder: ReadonlyMap<string, string>;
  /** Those that change elsewhere, by path below the root. */
  readonly beside: ReadonlyMap<string, string>;
}

/** The files by which one more function is deployed: its own, and those that list all. */
export async function deployables(fn: Deployable, { root, now }: Where): Promise<Deployables> {
  const folder = `functions/${fn.name}/`;
  const files = generatedFiles({
    functions: [...functions, fn],
    webhooks,
    version: await productVersion(),
    root,
    now: new Date(now).toISOString(),
  });
  const all = [...files];
  return {
    inFolder: new Map(
      all.flatMap(([path, text]) => (path.startsWith(folder) ? [[path.slice(folder.length), text]] : [])),
    ),
    beside: new Map(all.filter(([path]) => !path.startsWith("functions/"))),
  };
}

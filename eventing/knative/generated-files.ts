import { readFileSync } from "node:fs";
import { join } from "node:path";
import { dump, load } from "js-yaml";
import {
  chartFunctions,
  type Deployable,
  funcYaml,
  packageJson,
  rootFuncYaml,
  webhookFuncYaml,
} from "./deployables.ts";

export interface Generating {
  readonly functions: readonly Deployable[];
  /** Names of those that kcp asks and no broker. */
  readonly webhooks: readonly string[];
  /** Of the product. */
  readonly version: string;
  /** Folder of the product's sources. */
  readonly root: string;
  /** RFC 3339, for each func.yaml that is not there yet. */
  readonly now: string;
}

/** Every file that follows from the list of functions, by its path below the root. */
export function generatedFiles(generating: Generating): ReadonlyMap<string, string> {
  const { functions, webhooks, version } = generating;
  const createdAt = (folder: string) => createdIn(folder, generating);
  const folderOf = (name: string) => `functions/${name}`;
  const ofFolder = (folder: string, name: string, func: object): [string, string][] => [
    [`${folder}/func.yaml`, yaml(func)],
    [`${folder}/package.json`, `${JSON.stringify(packageJson(name, version), null, 2)}\n`],
  ];
  return new Map<string, string>([
    ["func.yaml", yaml(rootFuncYaml(functions, createdAt(".")))],
    ...functions.flatMap((fn) => {
      const folder = folderOf(fn.name);
      return ofFolder(folder, fn.name, funcYaml(fn, createdAt(folder)));
    }),
    ...webhooks.flatMap((name) => {
      const folder = folderOf(name);
      return ofFolder(folder, name, webhookFuncYaml(name, createdAt(folder)));
    }),
    ["deploy/charts/account-functions/files/functions.yaml", `${notice}${yaml(chartFunctions(functions))}`],
  ]);
}

const notice = "# Made of functions/index.ts by tools/generate.ts, which also makes each func.yaml.\n";

const yaml = (value: object): string => dump(JSON.parse(JSON.stringify(value)), { lineWidth: -1, noRefs: true });

/** What a func.yaml says of its making stays. */
function createdIn(folder: string, { root, now }: Generating): string {
  let text: string;
  try {
    text = readFileSync(join(root, folder, "func.yaml"), "utf8");
  } catch {
    return now;
  }
  const { created } = load(text) as { readonly created?: unknown };
  if (created instanceof Date) return created.toISOString();
  return typeof created === "string" ? created : now;
}

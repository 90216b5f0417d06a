import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { functions } from "../../functions/index.ts";
import config from "../../rolldown.config.ts";
import functionConfigs from "../../rolldown.functions.config.ts";
import { root } from "../paths.ts";
import type { Part } from "./base-layer.ts";
import { bundle } from "./bundle.ts";
import { layerOf } from "./layer.ts";
import type { NpmPackage } from "./npm-package.ts";
import { type Product, product } from "./product.ts";
import type { Entry } from "./tree.ts";

/** `pm` with everything that it reads at run time. */
export async function pmLayer(): Promise<Part> {
  const { files, packages } = await bundle(config);
  const manifests = await folder("deploy/kcp", (path) => path.endsWith(".yaml"));
  return appPart("pm", new Map([...files, ...manifests]), packages);
}

/** Each function by its name, as the one file that `npm run build` makes of it. */
export async function functionLayers(): Promise<ReadonlyMap<string, Part>> {
  const named = functions.map(({ name }, i) => ({ name, config: functionConfigs[i] }));
  const layers = named.map(async ({ name, config: functionConfig = {} }) => {
    const { files, packages } = await bundle(functionConfig);
    return [name, await appPart(`function ${name}`, files, packages)] as const;
  });
  return new Map(await Promise.all(layers));
}

/** The bundle in /app with the licences of what is in it. */
async function appPart(
  title: string,
  files: ReadonlyMap<string, Buffer>,
  packages: readonly NpmPackage[],
): Promise<Part> {
  const about = await product();
  const all = new Map([
    ...files,
    ["package.json", Buffer.from(`${JSON.stringify(packageJson(about), null, 2)}\n`)],
    ["LICENSE", await readFile(join(root, "LICENSE"))],
    ["THIRD-PARTY-LICENSES.txt", Buffer.from(thirdPartyLicenses(packages))],
  ] as const);
  const tree = [...all].map(([name, content]): [string, Entry] => [`app/${name}`, { content, from: about.name }]);
  const { name, version, license } = about;
  const app = { id: name, name, version, license, purl: `pkg:generic/${name}@${version}` };
  const components = [app, ...packages.map(({ component }) => ({ ...component, within: name }))];
  return { layer: await layerOf(title, new Map(tree)), components };
}

/** As much of it as pm reads. */
const packageJson = ({ name, version, license }: Product) => ({ name, version, license, type: "module" });

function thirdPartyLicenses(packages: readonly NpmPackage[]): string {
  const sections = packages.map(({ component: { name, version, license }, texts }) =>
    [`${name} ${version} (${license})`, ...texts].join("\n\n"),
  );
  return `${sections.join(`\n\n${"-".repeat(80)}\n\n`)}\n`;
}

async function folder(path: string, isWanted: (path: string) => boolean): Promise<ReadonlyMap<string, Buffer>> {
  const names = (await readdir(join(root, path), { recursive: true })).filter(isWanted).sort();
  return new Map(
    await Promise.all(names.map(async (name) => [`${path}/${name}`, await readFile(join(root, path, name))] as const)),
  );
}

import { type RolldownOptions, rolldown } from "rolldown";
import { root } from "../paths.ts";
import { type NpmPackage, packagesOf } from "./npm-package.ts";

/** JavaScript that needs no node_modules, and the packages that code of it comes from. */
export interface Bundle {
  readonly files: ReadonlyMap<string, Buffer>;
  readonly packages: readonly NpmPackage[];
}

/** Bundles in memory. What the bundler leaves out because nothing calls it counts as not there. */
export async function bundle({ output, ...input }: RolldownOptions): Promise<Bundle> {
  // The order within a chunk follows the files' paths: a checkout whose node_modules is a link must have them below it too.
  const resolve = { ...input.resolve, symlinks: false };
  await using build = await rolldown({ ...input, resolve, cwd: root });
  const made = await build.generate(Array.isArray(output) ? output[0] : output);
  const chunks = made.output.filter((each) => each.type === "chunk");
  const modules = chunks.flatMap((chunk) =>
    Object.entries(chunk.modules)
      .filter(([, { renderedLength }]) => renderedLength > 0)
      .map(([file]) => file),
  );
  const files = chunks.map(({ fileName, code }) => [fileName, Buffer.from(code)] as const);
  return { files: new Map(files), packages: await packagesOf(modules) };
}

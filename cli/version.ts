import { readFile } from "node:fs/promises";
import { defineCommand } from "./command.ts";
import { packageJson } from "./home.ts";
import { print } from "./output.ts";

export default defineCommand({
  name: "version",
  summary: "The version of pm and of the Node.js that runs it",
  options: {},
  examples: [
    { run: "pm version", does: "one line" },
    { run: "pm version -o json", does: "for scripts" },
  ],
  async run({ options }, io) {
    const version = {
      pm: await productVersion(),
      node: process.version,
      platform: `${process.platform}/${process.arch}`,
    };
    print(io, options.output, version, {
      table: () => `pm ${version.pm} (node ${version.node}, ${version.platform})\n`,
      name: () => `${version.pm}\n`,
    });
    return 0;
  },
});

/** Version of this product, as in package.json. */
export async function productVersion(): Promise<string> {
  const text = await readFile(packageJson, "utf8");
  const { version }: { version: string } = JSON.parse(text);
  return version;
}

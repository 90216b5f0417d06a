import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { messageOf } from "../../shared/kcp/errors.ts";
import { defineCommand } from "../command.ts";
import { exit, UsageError } from "../errors.ts";
import { packageJson } from "../home.ts";
import { print } from "../output.ts";
import { addFunction } from "./add-function.ts";
import { deployables } from "./deployables.ts";
import { nameFault } from "./names.ts";
import { registered } from "./register.ts";
import { filterOf, scaffold } from "./scaffold.ts";
import { subscriptionsOf } from "./subscriptions.ts";

export default defineCommand({
  name: "new function",
  summary: "Make the folder of a new function: handler, test, func.yaml and README",
  description: `Makes functions/NAME in this checkout and adds it to functions/index.ts. What it makes passes make check as it stands
and does nothing yet. Nothing is ever overwritten.`,
  options: {
    on: {
      type: "string[]",
      description: "what it takes: kinds, as Workspace, and facts, as ready or child-deleted (default Account)",
    },
    "dry-run": { type: "boolean", description: "print the files, and make none" },
  },
  positionals: [{ name: "NAME", description: "words of small letters and digits, as greet-owner", required: true }],
  examples: [
    { run: "pm new function greet-owner", does: "one that takes what happens to Accounts" },
    { run: "pm new function count-children --on Account,child-deleted --dry-run", does: "what would be made" },
  ],
  async run({ options, positionals: [name = ""] }, io) {
    const root = fileURLToPath(new URL(".", packageJson));
    const indexFile = join(root, "functions", "index.ts");
    const index = await readFile(indexFile, "utf8").catch((cause: unknown) => {
      const next = "get the sources: git clone, then bin/pm new function there";
      throw new UsageError("pm new function needs the sources", { where: root, why: messageOf(cause), next, cause });
    });
    checkName(name, index);
    const on = subscriptionsOf(options.on.length > 0 ? options.on : ["Account"]);
    const { inFolder, beside } = await deployables({ name, on: on.map(filterOf) }, { root, now: io.now() });
    const files = new Map([...scaffold({ name, on }), ...inFolder]);
    const changed = ["functions/index.ts", ...beside.keys()];
    const made = { folder: `functions/${name}`, files: [...files.keys()], registered: "functions/index.ts", changed };
    if (options["dry-run"]) {
      print(
        io,
        options.output,
        { ...made, content: Object.fromEntries(files) },
        {
          table: () => [...files].map(([file, content]) => `# ${made.folder}/${file}\n${content}\n`).join(""),
          name: () => names(made.folder, files),
        },
      );
      return exit.ok;
    }
    await addFunction(join(root, made.folder), files, { file: indexFile, content: registered(index, name) });
    for (const [path, content] of beside) await writeFile(join(root, path), content);
    print(io, options.output, made, {
      table: () =>
        `${names(made.folder, files)}${changed.map((path) => `${path}\n`).join("")}  next: pm dev, and edit ${made.folder}/index.ts\n`,
      name: () => names(made.folder, files),
    });
    return exit.ok;
  },
});

const names = (folder: string, files: ReadonlyMap<string, string>): string =>
  [...files.keys()].map((file) => `${folder}/${file}\n`).join("");

function checkName(name: string, index: string): void {
  const fault = nameFault(name, index);
  if (fault)
    throw new UsageError(`"${name}" cannot be the name of a new function`, {
      why: fault,
      next: "take one as greet-owner",
    });
}

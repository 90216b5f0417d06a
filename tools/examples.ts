import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { load } from "js-yaml";
import { z } from "zod";
import { root } from "./paths.ts";
import { withProgress } from "./progress.ts";
import { runCommand } from "./run-command.ts";

const orgs = "root:orgs";
const account = z.object({
  metadata: z.object({ name: z.string() }),
  spec: z.object({ type: z.string(), displayName: z.string(), description: z.string() }),
});

/** Runs the command line as the person of a kubeconfig; answers what it prints. */
export const pmAs =
  (kubeconfig: string) =>
  (...args: readonly string[]): Promise<string> =>
    runCommand(join(root, "bin", "pm"), [...args, `--kubeconfig=${kubeconfig}`]);

/** Makes the accounts of examples/, a level at a time, and waits until they are Ready. */
export async function createExamples(kubeconfig: string): Promise<void> {
  const pm = pmAs(kubeconfig);
  const create = async (file: string, workspace: string): Promise<void> => {
    const { metadata, spec } = account.parse(load(await readFile(file, "utf8")));
    const flags = [`--type=${spec.type}`, `--display-name=${spec.displayName}`, `--description=${spec.description}`];
    await pm("account", "create", metadata.name, `--parent=${workspace}`, ...flags, "--wait");
  };
  /** A folder's accounts, and once they are Ready, below each the folder of its name. */
  const createTree = async (folder: string, workspace: string): Promise<void> => {
    const entries = await readdir(folder, { withFileTypes: true });
    const names = entries.flatMap(({ name }) => (name.endsWith(".yaml") ? [basename(name, ".yaml")] : []));
    await withProgress(`${names.join(", ")} in ${workspace}`, () =>
      Promise.all(names.map((name) => create(join(folder, `${name}.yaml`), workspace))),
    );
    const parents = names.filter((name) => entries.some((entry) => entry.name === name));
    await Promise.all(parents.map((name) => createTree(join(folder, name), `${workspace}:${name}`)));
  };
  await createTree(join(root, "examples"), orgs);
}

/** `make demo`: the accounts of examples/ on a real kcp, one of them deleted again, and an end by itself. */
import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { inForeground } from "./foreground.ts";
import { obtain } from "./obtain.ts";
import { root } from "./paths.ts";
import { withProgress } from "./progress.ts";
import { runCommand } from "./run-command.ts";

const orgs = "root:orgs";
const deleted = { workspace: `${orgs}:acme:team-b`, name: "qa" };

await inForeground("demo", async ({ kubeconfig, kcpUrl }) => {
  const command = await obtain("kubectl");
  const kubectl = (workspace: string, ...args: readonly string[]) =>
    runCommand(command, [`--kubeconfig=${kubeconfig}`, `--server=${kcpUrl}/clusters/${workspace}`, ...args]);
  const pm = (...args: readonly string[]) =>
    runCommand(join(root, "bin", "pm"), [...args, `--kubeconfig=${kubeconfig}`]);

  /** A folder's accounts, and once they are Ready, below each the folder of its name. */
  const applyTree = async (folder: string, workspace: string): Promise<void> => {
    const entries = await readdir(folder, { withFileTypes: true });
    const names = entries.flatMap(({ name }) => (name.endsWith(".yaml") ? [basename(name, ".yaml")] : []));
    const files = names.map((name) => `--filename=${join(folder, `${name}.yaml`)}`);
    const accounts = names.map((name) => `account/${name}`);
    await withProgress(`${names.join(", ")} in ${workspace}`, async () => {
      await kubectl(workspace, "apply", ...files);
      await kubectl(workspace, "wait", "--for=condition=Ready", "--timeout=120s", ...accounts);
    });
    const parents = entries.filter((entry) => entry.isDirectory());
    await Promise.all(parents.map(({ name }) => applyTree(join(folder, name), `${workspace}:${name}`)));
  };

  await applyTree(join(root, "examples"), orgs);
  console.log(await pm("tree"));
  await withProgress(`deleting ${deleted.name} in ${deleted.workspace}`, () =>
    kubectl(deleted.workspace, "delete", "account", deleted.name, "--timeout=120s"),
  );
  console.log(await pm("tree"));
});

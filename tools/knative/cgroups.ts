import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { identityOf, isRunning } from "../identity.ts";

const prefix = "account-functions-";
const hierarchies = "/sys/fs/cgroup";
/** How long the kernel may take to forget processes that were killed. */
const tries = 50;

/** Control groups that a node has to itself, one in each hierarchy. */
export interface Cgroups {
  /** Files that take the id of a process that joins. */
  readonly joinFiles: readonly string[];
}

/** Made below those of this process, and removed by the cleanup; removes what a process that was killed hard has left. */
export async function makeCgroups(cleanup: AsyncDisposableStack): Promise<Cgroups> {
  const parents = await ownCgroups();
  for (const parent of parents) await sweep(parent);
  const name = `${prefix}${identityOf(process.pid).replace(" ", "-")}`;
  const folders = parents.map((parent) => join(parent, name));
  cleanup.defer(async () => {
    for (const folder of folders) await remove(folder, tries);
  });
  for (const folder of folders) await make(folder);
  return { joinFiles: folders.map((folder) => join(folder, "cgroup.procs")) };
}

async function ownCgroups(): Promise<readonly string[]> {
  const lines = (await readFile("/proc/self/cgroup", "utf8")).trim().split("\n");
  const controlled = lines.map((line) => line.split(":")).filter(([, controllers]) => controllers);
  if (controlled.length === 0)
    throw new Error(
      "A node needs control groups of version 1, which this machine does not have. Start Linux with systemd.unified_cgroup_hierarchy=0.",
    );
  return controlled.map(([, controllers = "", path = "/"]) => {
    const hierarchy = join(hierarchies, controllers.replace(/^name=/, ""));
    // In a container the path may be one that is not to be seen here.
    return existsSync(join(hierarchy, path)) ? join(hierarchy, path) : hierarchy;
  });
}

async function make(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  // A new cpuset has no cpus and no memory: nobody could join it.
  for (const name of ["cpuset.cpus", "cpuset.mems"]) {
    if (existsSync(join(folder, name)))
      await writeFile(join(folder, name), await readFile(join(dirname(folder), name), "utf8"));
  }
}

async function sweep(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const owner = name.startsWith(prefix) ? name.slice(prefix.length).replace("-", " ") : undefined;
    if (owner && !isRunning(owner)) await remove(join(parent, name), 1);
  }
}

/** Only empty groups can be removed: a group with processes stays. */
async function remove(folder: string, attempts: number): Promise<void> {
  const inner = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of inner) if (entry.isDirectory()) await remove(join(folder, entry.name), attempts);
  for (let left = attempts; left > 0; left--) {
    const isGone = await rmdir(folder).then(
      () => true,
      () => !existsSync(folder),
    );
    if (isGone) return;
    await sleep(100);
  }
}

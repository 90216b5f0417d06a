import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { identityOf, isRunning, killGroup } from "./identity.ts";

const ownerFile = "owner";
const pidSuffix = ".pid";

/** A folder that one living process has to itself. It is free again when that process releases it or dies. */
export interface Claim {
  readonly folder: string;
  /** Removes the folder. */
  release(): Promise<void>;
}

/** Makes `folder` an empty one of our own, ending and removing what a dead owner left; `undefined` while its owner lives. */
export async function claim(folder: string): Promise<Claim | undefined> {
  await mkdir(dirname(folder), { recursive: true });
  await sweep(folder);
  const fresh = await mkdtemp(`${folder}.new-${process.pid}-`);
  await writeFile(join(fresh, ownerFile), identityOf(process.pid));
  // Renaming is one step: nobody ever sees the folder without its owner, and only one of two claimants succeeds.
  for (let tries = 0; tries < 3; tries++) {
    try {
      await rename(fresh, folder);
      return { folder, release: () => remove(folder) };
    } catch (error) {
      if (!hasCode(error, "ENOTEMPTY", "EEXIST")) throw error;
      if (await isOwned(folder)) break;
      await discard(folder);
    }
  }
  await remove(fresh);
  return undefined;
}

/** The first of `folder`, `folder-2`, `folder-3` … that nobody has; what dead owners left under the others goes too. */
export async function claimAny(folder: string): Promise<Claim> {
  await mkdir(dirname(folder), { recursive: true });
  const numbered = (await readdir(dirname(folder))).filter((name) => name.replace(/-\d+$/, "") === basename(folder));
  for (const path of numbered.map((name) => join(dirname(folder), name)))
    if (!(await isOwned(path))) await discard(path);
  for (let n = 1; ; n++) {
    const claimed = await claim(n === 1 ? folder : `${folder}-${n}`);
    if (claimed) return claimed;
  }
}

/** Waits until `folder` is free; `onWait` is told once when it is not. */
export async function claimWhenFree(folder: string, onWait: () => void): Promise<Claim> {
  for (let first = true; ; first = false) {
    const claimed = await claim(folder);
    if (claimed) return claimed;
    if (first) onWait();
    await sleep(500);
  }
}

/** Notes in a claimed folder that a process runs for it, so that the next owner can end it if nobody else did. */
export async function recordProcess(folder: string, name: string, pid: number): Promise<void> {
  await writeFile(join(folder, name + pidSuffix), identityOf(pid));
}

async function isOwned(folder: string): Promise<boolean> {
  const owner = await readFile(join(folder, ownerFile), "utf8").catch(() => "");
  return isRunning(owner);
}

async function discard(folder: string): Promise<void> {
  // Moved aside first: removing takes a while, and the name should be free at once.
  const aside = `${folder}.old-${randomUUID()}`;
  try {
    await rename(folder, aside);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return;
    throw error;
  }
  await endRecorded(aside);
  await remove(aside);
}

async function endRecorded(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.endsWith(pidSuffix)) killGroup(await readFile(join(folder, name), "utf8"));
  }
}

/** Removes what a process that died inside claim or discard left behind. */
async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(dirname(folder))) {
    const path = join(dirname(folder), name);
    const claimant = /^(.*)\.new-(\d+)-/.exec(name);
    if (name.startsWith(`${basename(folder)}.old-`)) {
      await endRecorded(path).catch(() => undefined);
      await remove(path);
    } else if (claimant?.[1] === basename(folder) && !isRunning(identityOf(Number(claimant[2])))) {
      await remove(path);
    }
  }
}

function remove(folder: string): Promise<void> {
  return rm(folder, { recursive: true, force: true, maxRetries: 10 });
}

function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}

import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { claimWhenFree } from "./claim.ts";
import { cacheFolder } from "./paths.ts";
import { say } from "./progress.ts";

/** A program to be obtained once for each key. */
export interface Artefact {
  readonly name: string;
  /** Tells everything that the program is made from, e.g. version, hash of its lock file and platform. */
  readonly key: string;
  /** Puts the program at `file`; may use `folder`, which is removed afterwards. */
  make(target: { readonly file: string; readonly folder: string }): Promise<void>;
  /** Folders that `make` leaves in `folder` and that the program finds beside itself. */
  readonly beside?: readonly string[];
}

/** The cached program, if it has been made. */
export async function alreadyCached(artefact: Artefact): Promise<string | undefined> {
  const file = fileOf(artefact);
  return (await isIntact(artefact)) ? file : undefined;
}

/** The cached program, made first where it is absent or no longer the one that was made. */
export async function cached(artefact: Artefact): Promise<string> {
  const file = fileOf(artefact);
  if (await isIntact(artefact)) return file;
  const lock = await claimWhenFree(`${dirname(file)}.making`, () => say(`  waiting: ${artefact.name} is being made`));
  try {
    if (!(await isIntact(artefact))) await makeInto(file, lock.folder, artefact);
  } finally {
    await lock.release();
  }
  return file;
}

const fileOf = ({ name, key }: Artefact): string => join(cacheFolder(), name, key, name);

/** The checksum goes in last: a program without it was never finished. */
async function makeInto(file: string, folder: string, artefact: Artefact): Promise<void> {
  const made = join(folder, basename(file));
  await artefact.make({ file: made, folder });
  await rm(dirname(file), { recursive: true, force: true });
  await mkdir(dirname(file), { recursive: true });
  const sum = await sha256(made);
  for (const name of artefact.beside ?? []) await rename(join(folder, name), join(dirname(file), name));
  await rename(made, file);
  await writeFile(`${file}.sha256.new`, `${sum}  ${basename(file)}\n`);
  await rename(`${file}.sha256.new`, `${file}.sha256`);
}

async function isIntact(artefact: Artefact): Promise<boolean> {
  const file = fileOf(artefact);
  const recorded = await readFile(`${file}.sha256`, "utf8").catch(() => undefined);
  if (!recorded) return false;
  const found = await sha256(file).catch(() => "absent");
  const missing = (artefact.beside ?? []).find((name) => !existsSync(join(dirname(file), name)));
  if (missing) {
    say(`  ${join(dirname(file), missing)} is gone: making ${artefact.name} again`);
    return false;
  }
  if (recorded.startsWith(`${found} `)) return true;
  say(`  ${file} is not the file that was made (sha256 ${found}): making it again`);
  return false;
}

async function sha256(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}

import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "../../shared/kcp/errors.ts";
import { CliError } from "../errors.ts";

/** Writes a new folder with its files, then the index that names it: both, or nothing. Throws CliError. */
export async function addFunction(
  folder: string,
  files: ReadonlyMap<string, string>,
  index: { readonly file: string; readonly content: string },
): Promise<void> {
  await mkdir(folder).catch((cause: unknown) => {
    throw new CliError(`cannot make ${folder}`, { why: messageOf(cause), next: "take another name", cause });
  });
  try {
    for (const [name, content] of files) await writeFile(join(folder, name), content);
    const draft = join(folder, "index.draft");
    await writeFile(draft, index.content);
    await rename(draft, index.file);
  } catch (cause) {
    await rm(folder, { recursive: true });
    throw new CliError(`cannot write ${folder}`, { why: messageOf(cause), cause });
  }
}

import { cp, mkdtemp, readdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../tools/paths.ts";

const notCopied = new Set(["node_modules", ".git", ".state", "dist", "coverage"]);

/** A copy of this checkout with the same packages, for tests that change files. */
export async function checkoutCopy(): Promise<AsyncDisposable & { readonly folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), "checkout-"));
  const entries = (await readdir(root)).filter((name) => !notCopied.has(name));
  for (const name of entries) await cp(join(root, name), join(folder, name), { recursive: true });
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}

import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** The checkout. */
export const root = resolve(import.meta.dirname, "..");

/** Where running servers keep their data and logs: git-ignored, emptied before each use. */
export const stateFolder = join(root, ".state");

/** Built servers, outside the checkout so that later checkouts share them. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  return join(env.XDG_CACHE_HOME || join(homedir(), ".cache"), "account-functions");
}

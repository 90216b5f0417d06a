import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { root } from "../paths.ts";
import { runCommand } from "../run-command.ts";

const packageSchema = z.looseObject({
  name: z.string(),
  version: z.string(),
  license: z.string(),
  description: z.string(),
  repository: z.union([z.string(), z.looseObject({ url: z.string() }).transform(({ url }) => url)]).optional(),
});
/** The product, as package.json says. */
export type Product = z.infer<typeof packageSchema>;

export async function product(): Promise<Product> {
  return packageSchema.parse(JSON.parse(await readFile(join(root, "package.json"), "utf8")));
}

/** What the images are made from. */
export interface Revision {
  /** ISO 8601, in UTC. */
  readonly created: string;
  /** Commit, with `-dirty` where files differ from it; none outside of git. */
  readonly commit?: string;
}

/** The commit and its date, unless REVISION and SOURCE_DATE_EPOCH (seconds) say otherwise. */
export async function revision(env: NodeJS.ProcessEnv = process.env): Promise<Revision> {
  const seconds = env.SOURCE_DATE_EPOCH ?? (await git("log", "-1", "--format=%ct")) ?? "0";
  if (!/^\d+$/.test(seconds)) throw new Error(`SOURCE_DATE_EPOCH is "${seconds}": give whole seconds since 1970`);
  const created = new Date(Number(seconds) * 1000).toISOString().replace(".000Z", "Z");
  const commit = env.REVISION ?? (await commitInGit());
  return { created, ...(commit && { commit }) };
}

async function commitInGit(): Promise<string | undefined> {
  const commit = await git("rev-parse", "HEAD");
  const changes = await git("status", "--porcelain");
  return commit && (changes ? `${commit}-dirty` : commit);
}

const git = (...args: readonly string[]): Promise<string | undefined> =>
  runCommand("git", args, { cwd: root }).then(
    (printed) => printed.trim(),
    () => undefined,
  );

import { createHash } from "node:crypto";
import { copyFile, readdir, readFile, rename } from "node:fs/promises";
import { join, resolve } from "node:path";
import { z } from "zod";
import { cached } from "../cache.ts";
import { runCommand } from "../run-command.ts";
import { suite } from "./base-packages.ts";

const lockSchema = z.array(
  z.strictObject({
    name: z.string(),
    version: z.string(),
    architecture: z.enum(["amd64", "all"]),
    size: z.int(),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
  }),
);
/** A Debian package as it is pinned. */
export type Pin = z.infer<typeof lockSchema>[number];

export const lockFile = join(import.meta.dirname, "base.lock.json");

export async function readPins(): Promise<readonly Pin[]> {
  return lockSchema.parse(JSON.parse(await readFile(lockFile, "utf8")));
}

/** Path of the package's file: out of the shared cache, else out of the folder DEBS, else fetched by apt-get. What is
 *  not the pinned file is refused, wherever it comes from. */
export function obtainPackage(pin: Pin, env: NodeJS.ProcessEnv = process.env): Promise<string> {
  return cached({
    name: `${pin.name}.deb`,
    key: `${pin.version}-${pin.sha256.slice(0, 12)}`,
    async make({ file, folder }) {
      const given = env.DEBS ? await findIn(resolve(env.DEBS), pin) : undefined;
      if (given) await copyFile(given, file);
      else await rename(await download(pin, folder), file);
      await mustBePinned(file, pin);
    },
  });
}

const fileName = ({ name, version, architecture }: Pin) => `${name}_${version}_${architecture}.deb`;

async function findIn(folder: string, pin: Pin): Promise<string | undefined> {
  const names = await readdir(folder);
  // apt and mirrors write some characters of a version as %xx.
  const found = names.find((name) => decodeURIComponent(name) === fileName(pin));
  return found && join(folder, found);
}

async function download(pin: Pin, folder: string): Promise<string> {
  try {
    await runCommand("apt-get", ["download", `${pin.name}=${pin.version}`], { cwd: folder, env: quiet() });
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new Error(
      `${fileName(pin)}, which the base layer is pinned to, cannot be fetched.\n${advice(pin)}\n${message}`,
      {
        cause,
      },
    );
  }
  const found = await findIn(folder, pin);
  if (!found) throw new Error(`apt-get answered well and left no ${fileName(pin)}`);
  return found;
}

const quiet = () => ({ ...process.env, LC_ALL: "C", DEBIAN_FRONTEND: "noninteractive" });

const advice = ({
  name,
}: Pin) => `  why:   apt-get is missing, its lists are old, or mirrors serve another version of ${name} by now
  next:  on Debian ${suite}: apt-get update, and again
         or DEBS=folder make images, with a folder that holds this very file (archives of old versions have it)
         or move the pins to what mirrors serve: tools/node tools/oci/lock.ts (docs/images.md)`;

async function mustBePinned(file: string, pin: Pin): Promise<void> {
  const found = createHash("sha256")
    .update(await readFile(file))
    .digest("hex");
  if (found === pin.sha256) return;
  throw new Error(
    `${fileName(pin)} is not the file that is pinned: sha256 ${found}, wanted ${pin.sha256} (tools/oci/base.lock.json)`,
  );
}

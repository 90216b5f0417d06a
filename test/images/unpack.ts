import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { extract, type Header } from "tar-stream";
import { z } from "zod";
import type { StoredImage } from "./built.ts";

export interface TarRecord {
  readonly header: Header;
  readonly content: Buffer;
}
const configSchema = z.looseObject({
  created: z.string(),
  config: z.looseObject({
    Labels: z.record(z.string(), z.string()),
    ExposedPorts: z.record(z.string(), z.object({})),
    User: z.string(),
    Env: z.array(z.string()),
    Entrypoint: z.array(z.string()),
    WorkingDir: z.string(),
  }),
  rootfs: z.looseObject({ diff_ids: z.array(z.string()) }),
});

/** What a container runtime reads of an image. */
export const configOf = (image: StoredImage) => configSchema.parse(JSON.parse(image.config.toString()));

export async function readTar(tar: Buffer): Promise<readonly TarRecord[]> {
  const records: TarRecord[] = [];
  const archive = extract();
  Readable.from([tar]).pipe(archive);
  for await (const item of archive) records.push({ header: item.header, content: await buffer(item) });
  return records;
}

/** A layer without its compression. */
export const tarOfLayer = once((layer: Buffer) => gunzipSync(layer));
const recordsOfLayer = once((layer: Buffer) => readTar(tarOfLayer(layer)));

/** All records of an image's layers, from the lowest layer up, read from the bytes that are pushed. */
export async function recordsOf(image: StoredImage): Promise<readonly TarRecord[]> {
  const layers = await Promise.all(image.layers.map(recordsOfLayer));
  return layers.flat();
}

/** An image's root filesystem in a folder, with the mount points that a container runtime adds. */
export async function unpack(image: StoredImage): Promise<AsyncDisposable & { readonly folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), "rootfs-"));
  await chmod(folder, 0o755);
  for (const { header, content } of await recordsOf(image)) {
    const path = join(folder, header.name);
    await mkdir(header.type === "directory" ? path : dirname(path), { recursive: true });
    if (header.type === "symlink") await symlink(header.linkname, path);
    if (header.type === "file") await writeFile(path, content, { mode: header.mode });
  }
  for (const mountPoint of ["proc", "dev", "run/shared"]) await mkdir(join(folder, mountPoint), { recursive: true });
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

/** Images share layers: each is worked on once. */
export function once<T>(work: (bytes: Buffer) => T): (bytes: Buffer) => T {
  const done = new WeakMap<Buffer, { readonly result: T }>();
  return (bytes) => {
    const found = done.get(bytes) ?? { result: work(bytes) };
    done.set(bytes, found);
    return found.result;
  };
}

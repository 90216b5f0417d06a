import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { copyData, preparedData } from "./kcp-data.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kcp-data-"));
  vi.stubEnv("XDG_CACHE_HOME", join(folder, "cache"));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

test("one first start makes the database of all, and nobody gets another's keys", async () => {
  let starts = 0;
  const firstStart = async (place: string) => {
    starts++;
    await mkdir(join(place, "kcp", "etcd-server"), { recursive: true });
    await writeFile(join(place, "kcp", "etcd-server", "db"), "everything");
    await writeFile(join(place, "kcp", "sa.key"), "secret");
    return { stop: async () => undefined };
  };
  for (const name of ["one", "two"]) {
    const data = join(folder, name);
    await copyData(await preparedData("/cache/kcp/v1-abc/kcp", { firstStart, settleMs: 0 }), data);
    expect(await readFile(join(data, "etcd-server", "db"), "utf8")).toBe("everything");
    await expect(readFile(join(data, "sa.key"))).rejects.toThrow("ENOENT");
    await writeFile(join(data, "etcd-server", "db"), "changed");
  }
  expect(starts).toBe(1);
  await preparedData("/cache/kcp/v2-abc/kcp", { firstStart, settleMs: 0 });
  expect(starts).toBe(2);
});

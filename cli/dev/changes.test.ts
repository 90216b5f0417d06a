import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { expect, test } from "vitest";
import { changes } from "./changes.ts";

test("tells of changed, replaced and new files, in new folders too, and of several at once", async () => {
  const folder = await mkdtemp(join(tmpdir(), "changes-"));
  const stop = new AbortController();
  await writeFile(join(folder, "a.ts"), "1");
  const following = changes([folder], stop.signal);
  const told = async (change: () => Promise<unknown>) => {
    const next = following.next();
    await change();
    const { value = [] } = await next;
    return (value as readonly string[]).map((file) => relative(folder, file));
  };
  try {
    expect(await told(() => writeFile(join(folder, "a.ts"), "2"))).toEqual(["a.ts"]);
    const replace = async () => {
      await writeFile(join(folder, "draft"), "3");
      await rename(join(folder, "draft"), join(folder, "a.ts"));
    };
    expect(await told(replace)).toContain("a.ts");
    expect(await told(() => writeFile(join(folder, "a.ts"), "4"))).toEqual(["a.ts"]);
    expect(await told(() => mkdir(join(folder, "new")))).toEqual(["new"]);
    const both = () => Promise.all(["new/b.ts", "a.ts"].map((file) => writeFile(join(folder, file), "5")));
    expect(await told(both)).toEqual(["a.ts", "new/b.ts"]);
    const makeAnew = async () => {
      await rm(join(folder, "new"), { recursive: true });
      await mkdir(join(folder, "new"));
    };
    expect(await told(makeAnew)).toContain("new");
    expect(await told(() => writeFile(join(folder, "new/c.ts"), "6"))).toEqual(["new/c.ts"]);
    expect(await told(() => rm(join(folder, "new"), { recursive: true }))).toContain("new");
    const next = following.next();
    stop.abort();
    expect(await next).toMatchObject({ done: true });
  } finally {
    stop.abort();
    await rm(folder, { recursive: true });
  }
});

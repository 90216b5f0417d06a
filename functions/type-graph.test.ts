import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { maxHops } from "../eventing/own-events.ts";
import { audit, fact } from "../shared/event.ts";
import { functions } from "./index.ts";

const types: Readonly<Record<string, string>> = { ...fact, ...audit };

/** The own events that a function's files make: each `type: fact.x` that is not one of its `on` list. */
async function emittedBy({ name, on }: (typeof functions)[number]): Promise<readonly string[]> {
  const folder = join(import.meta.dirname, name);
  const files = (await readdir(folder)).filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"));
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), "utf8")));
  const named = [...texts.join("\n").matchAll(/\btype: (?:fact|audit)\.(\w+)/g)].map(
    ([, key = ""]) => types[key] ?? key,
  );
  return [...new Set(named)].filter((type) => {
    const taken = on.filter((filter) => filter.type === type).length;
    return named.filter((each) => each === type).length > taken;
  });
}

const emitted = new Map(await Promise.all(functions.map(async (fn) => [fn.name, await emittedBy(fn)] as const)));
const takers = (type: string) => functions.filter(({ on }) => on.some((filter) => filter.type === type));

test("the files say what each function emits", () => {
  expect(emitted.get("workspace-ready")).toEqual([fact.ready]);
  expect(emitted.get("relay-lineage")).toEqual(
    expect.arrayContaining([fact.deleted, fact.childDeleted, fact.parentInfoChanged, fact.workspaceTypeChanged]),
  );
});

test.each(functions)("a reply of $name never wakes $name itself, and nothing that follows from it does", ({ name }) => {
  const seen = new Set<string>();
  const visit = (from: string, way: readonly string[]): void => {
    for (const type of emitted.get(from) ?? []) {
      for (const taker of takers(type)) {
        expect(taker.name, [...way, type].join(" → ")).not.toBe(name);
        if (seen.has(taker.name)) continue;
        seen.add(taker.name);
        visit(taker.name, [...way, type, taker.name]);
      }
    }
  };
  visit(name, [name]);
});

test("no chain of facts is as long as what is taken for a loop", () => {
  const longest = (name: string): number =>
    Math.max(
      0,
      ...(emitted.get(name) ?? []).map((type) => 1 + Math.max(0, ...takers(type).map((fn) => longest(fn.name)))),
    );
  expect(Math.max(...functions.map(({ name }) => longest(name)))).toBeLessThan(maxHops / 2);
});

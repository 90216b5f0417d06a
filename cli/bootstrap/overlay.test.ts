import { expect, test } from "vitest";
import type { FileStep, Manifest } from "./manifests.ts";
import { layOver } from "./overlay.ts";

const step = (file: string, ...objects: readonly Manifest[]): FileStep => ({
  file,
  workspace: "root",
  title: file,
  objects,
});
const thing = (name: string, spec: object): Manifest => ({ apiVersion: "v1", kind: "Thing", metadata: { name }, spec });

test("a layer adds to lists, sets other fields, and leaves the rest as it is", () => {
  const base = [step("01-root/1-a.yaml", thing("a", { list: [1], on: false, map: { kept: 1 } }), thing("b", {}))];
  const more = [step("01-root/1-a.yaml", thing("a", { list: [2], on: true, map: { more: 2 } }))];
  const [merged] = layOver(base, more);
  expect(merged?.objects).toEqual([thing("a", { list: [1, 2], on: true, map: { kept: 1, more: 2 } }), thing("b", {})]);
});

test("objects of its own come last in their file, files of its own in the order of their names", () => {
  const base = [step("01-root/1-a.yaml", thing("a", {})), step("03-root/1-c.yaml", thing("c", {}))];
  const more = [step("02-root/1-b.yaml", thing("b", {})), step("01-root/1-a.yaml", thing("z", {}))];
  expect(
    layOver(base, more).map(({ file, objects }) => [file, ...objects.map(({ metadata }) => metadata.name)]),
  ).toEqual([
    ["01-root/1-a.yaml", "a", "z"],
    ["02-root/1-b.yaml", "b"],
    ["03-root/1-c.yaml", "c"],
  ]);
});

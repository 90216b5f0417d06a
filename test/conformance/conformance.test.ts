import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, type TestContext, test } from "vitest";
import { root } from "../../tools/paths.ts";
import { Answer } from "./answer.ts";
import { accessCases } from "./cases/access.ts";
import { applyCases } from "./cases/apply.ts";
import { deletionCases } from "./cases/deletion.ts";
import { discoveryCases } from "./cases/discovery.ts";
import { errorCases } from "./cases/errors.ts";
import { exportCases } from "./cases/exports.ts";
import { kubectlCases } from "./cases/kubectl.ts";
import { listCases } from "./cases/lists.ts";
import { metadataCases } from "./cases/metadata.ts";
import { nativeCases } from "./cases/native.ts";
import { patchCases } from "./cases/patches.ts";
import { policyCases } from "./cases/policies.ts";
import { schemaCases } from "./cases/schema.ts";
import { watchCases } from "./cases/watches.ts";
import { webhookCases } from "./cases/webhooks.ts";
import { workspaceCases } from "./cases/workspaces.ts";
import { neutral } from "./neutral.ts";
import { casesIn, nameOf } from "./table.ts";
import { startWorld, stopWorld } from "./world.ts";

// What a case expects was answered by a real kcp, word for word; what differs between two runs is named alike.
expect.addSnapshotSerializer({
  test: (value) => value instanceof Answer || typeof value === "string",
  serialize: (value) => neutral(String(value)),
});

// One file for all cases, since they share one server: a kcp takes 10 s to start.
beforeAll(startWorld, 300_000);
afterAll(stopWorld);

describe("discovery", discoveryCases);
describe("kubectl", kubectlCases);
describe("requests", errorCases);
describe("schema", schemaCases);
describe("metadata", metadataCases);
describe("deletion", deletionCases);
describe("patches", patchCases);
describe("apply", applyCases);
describe("lists", listCases);
describe("watches", watchCases);
describe("native types", nativeCases);
describe("webhooks", webhookCases);
describe("policies", policyCases);
describe("access", accessCases);
describe("workspaces", workspaceCases);
describe("exports", exportCases);

test("docs/conformance.md names all cases, each with the same result on both backends", async ({ task, skip }) => {
  const cases = pathsIn(task.file);
  skip(
    cases.some(({ mode }) => mode !== "run"),
    "not all cases ran",
  );
  const page = await readFile(join(root, "docs", "conformance.md"), "utf8");
  expect(casesIn(page)).toEqual(cases.map(({ path }) => nameOf(path)));
});

type Task = TestContext["task"]["file"]["tasks"][number];

/** All cases that are in a group, in their order. */
function pathsIn(suite: { readonly tasks: readonly Task[] }, above: readonly string[] = []) {
  return suite.tasks.flatMap((task): readonly { readonly path: readonly string[]; readonly mode: string }[] => {
    const path = [...above, task.name];
    if (task.type === "suite") return pathsIn(task, path);
    return above.length > 0 ? [{ path, mode: task.mode }] : [];
  });
}

import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { runPm } from "../../test/run-pm.ts";
import { nameFault } from "./names.ts";
import { registered } from "./register.ts";

/** Not the real one, which may have any of these names by now. */
const index = `import type { AccountFunction } from "../shared/function.ts";
import createWorkspace from "./create-workspace/index.ts";
import { workspaceStep } from "./create-workspace/workspace.ts";
import manageAccountInfo from "./manage-accountinfo/index.ts";
import workspaceReady, { readyStep } from "./workspace-ready/index.ts";

/** Every function of the product. */
export const functions: readonly AccountFunction[] = [
  createWorkspace,
  manageAccountInfo,
  workspaceReady,
];
`;
const realIndex = () => readFile("functions/index.ts", "utf8");
const unused = "unheard-of-by-anybody";

describe("the name of a new function", () => {
  test.each([
    ["Greet", "small letters"],
    ["greet_owner", "small letters"],
    ["greet--owner", "small letters"],
    ["-greet", "small letters"],
    ["1st", "small letters"],
    ["../greet", "small letters"],
    ["a".repeat(51), "at most 50"],
    ["delete", "word of the language"],
    ["create-workspace", "functions/index.ts has it already"],
    ["functions", "functions/index.ts has it already"],
    ["ready-step", "functions/index.ts has it already"],
  ])("%j is refused: %s", (name, fault) => {
    expect(nameFault(name, index)).toContain(fault);
  });

  test.each(["greet-owner", "create", "workspace", "a1", "every"])("%s is free", (name) => {
    expect(nameFault(name, index)).toBeUndefined();
  });
});

describe("functions/index.ts", () => {
  const namesIn = (text: string) =>
    [...text.matchAll(/^import .* from "\.\/([^/]+)\/index\.ts";$/gm)].map(([, name]) => name);

  test("takes a function among its imports, and at the end of its list", () => {
    const added = registered(registered(index, "greet-owner"), "z");
    expect(added).toContain('import greetOwner from "./greet-owner/index.ts";\nimport manageAccountInfo');
    expect(added).toContain("  greetOwner,\n  z,\n];");
    expect(namesIn(added).at(-1)).toBe("z");
  });

  test("keeps its imports in the formatter's order", () => {
    const names = ["a10", "create-w", "create", "a", "a2", "a-b"];
    expect(namesIn(names.reduce(registered, index)).slice(0, 7)).toEqual([
      ...["a", "a-b", "a2", "a10", "create", "create-w"],
      "create-workspace",
    ]);
  });

  test("has the form that is known", async () => {
    expect(registered(await realIndex(), unused)).toContain("  unheardOfByAnybody,\n];");
  });

  test("of another form is left alone", () => {
    expect(() => registered("export const functions = [];\n", "greet-owner")).toThrow("has another form");
  });
});

describe("pm new function", () => {
  test("--dry-run prints the files and makes none", async () => {
    const before = await realIndex();
    const { code, out } = await runPm(["new", "function", unused, "--on", "Workspace,ready", "--dry-run"]);
    expect(code).toBe(0);
    expect(out).toContain("/index.ts\nimport { type CloudEvent, fact, resource } from");
    expect(out).toContain(
      '  on: [{ type: resource.add, kind: "Workspace" }, { type: resource.update, kind: "Workspace" }, { type: fact.ready }],',
    );
    expect(out).toContain("type: io.platform-mesh.account.ready");
    expect(await realIndex()).toBe(before);
  });

  test("--on takes the whole type of a fact too", async () => {
    const { out } = await runPm(["new", "function", unused, "--on=io.platform-mesh.account.info-ready", "--dry-run"]);
    expect(out).toContain("on: [{ type: fact.infoReady }],");
  });

  test.each([
    [[unused, "--on=Workspaec"], "neither a kind nor a fact; did you mean Workspace?"],
    [[unused, "--on=dev.knative.apiserver.resource.add"], "neither a kind nor a fact"],
    [["create-workspace"], "functions/index.ts has it already"],
    [[], "NAME is missing"],
  ])("%j is refused: %s", async (argv, message) => {
    const { code, err } = await runPm(["new", "function", ...argv]);
    expect(code).toBe(2);
    expect(err).toContain(message);
  });
});

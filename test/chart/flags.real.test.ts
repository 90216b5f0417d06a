import { expect, test } from "vitest";
import { findCommand } from "../../cli/commands.ts";
import { parseCommandLine } from "../../cli/parse.ts";
import { type Container, containersOf } from "./containers.ts";
import { objectsOf, valueSets } from "./helm.ts";

/** The words after the program's name, as the image's entry point gets them: a function's own image serves that one. */
function commandLineOf({ name, args }: Container): readonly string[] {
  const isOwnImage = name === "function" && args[0] !== "serve";
  return isOwnImage ? ["serve", ...args] : args;
}

test.each(Object.keys(valueSets))("every flag of every container is one of its command: %s", async (set) => {
  const containers = containersOf(await objectsOf(set));
  expect(containers.length).toBeGreaterThan(0);
  for (const container of containers) {
    const argv = commandLineOf(container);
    const found = findCommand(argv);
    if (!found) throw new Error(`${container.of} starts pm ${argv[0]}, which there is not`);
    const { default: command } = await found.entry.load();
    const env = Object.fromEntries(container.env.map(({ name, value }) => [name, value]));
    const { options, positionals } = parseCommandLine(command, found.rest, env);
    expect(positionals, container.of).toEqual([]);
    expect(options, container.of).toMatchObject({ help: false });
  }
});

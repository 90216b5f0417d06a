import { type Filter, fact, resource } from "../../shared/event.ts";
import type { Subscription } from "./subscriptions.ts";

export interface NewFunction {
  readonly name: string;
  readonly on: readonly Subscription[];
}

/** The files of a function that takes its events and does nothing yet, by name within its folder; those that follow from the
 *  list of functions come to them. */
export function scaffold(fn: NewFunction): ReadonlyMap<string, string> {
  return new Map([
    ["index.ts", handler(fn)],
    ["index.test.ts", handlerTest(fn)],
    ["README.md", readme(fn)],
  ]);
}

const handler = ({ name, on }: NewFunction): string => `import { ${eventImports(on)} } from "../../shared/event.ts";
import { defineFunction, done, drop } from "../../shared/function.ts";
import type { World } from "../../shared/world.ts";

interface Deps {
  worldOf(event: CloudEvent): Promise<World | undefined>;
}

/** Looks at an Account and leaves it as it is. */
export default defineFunction<Deps>({
  name: "${name}",
  on: ${listOf(on)},
  async handle(event, deps) {
    const world = await deps.worldOf(event);
    if (!world) return drop("no Account");
    if (world.isDeleting) return drop("the Account is being deleted");
    return done();
  },
});
`;

function eventImports(on: readonly Subscription[]): string {
  const isOfKind = on.some((each) => "kind" in each);
  const isOfFact = on.some((each) => "fact" in each);
  return ["type CloudEvent", ...(isOfFact ? ["fact"] : []), ...(isOfKind ? ["resource"] : [])].join(", ");
}

/** In the form that the formatter gives it. */
function listOf(on: readonly Subscription[]): string {
  const entries = on.map((each) =>
    "fact" in each ? `{ type: fact.${each.fact} }` : `{ type: resource.${each.verb}, kind: "${each.kind}" }`,
  );
  const line = `[${entries.join(", ")}]`;
  const isTable = on.length > 1 && on.every((each) => "kind" in each);
  const fits = `  on: ${line},`.length <= 120;
  return fits && !isTable ? line : `[\n${entries.map((entry) => `    ${entry},\n`).join("")}  ]`;
}

function handlerTest({ on }: NewFunction): string {
  const [first] = on;
  const isFact = first !== undefined && "fact" in first;
  const event = isFact ? `own(fact.${first.fact}, acme)` : `forwarded("${first?.kind}", acme)`;
  return `import { readFile } from "node:fs/promises";
import { load } from "js-yaml";
import { describe, expect, test } from "vitest";
${isFact ? 'import { fact } from "../../shared/event.ts";\n' : ""}import { FakeKcp, orgsCluster } from "../../test/fake-kcp.ts";
import { Functions, ${isFact ? "own" : "forwarded"} } from "../../test/run-functions.ts";
import fn from "./index.ts";

const { name, on } = fn;
const acme = \`\${orgsCluster}/acme\`;
const event = ${event};

describe(name, () => {
  test("drops what is about no Account", async () => {
    const run = new Functions(new FakeKcp());
    expect(await run.invoke(name, event)).toMatchObject({ kind: "drop", reason: "no Account" });
  });

  test("settles an Account, and writes nothing when it runs again", async () => {
    const kcp = new FakeKcp();
    const run = new Functions(kcp);
    kcp.account("acme");
    expect(await run.invoke(name, event)).toMatchObject({ kind: "done" });
    kcp.written();
    await run.invoke(name, event);
    expect(kcp.written()).toEqual([]);
  });

  test("is deployed with the subscriptions that it takes", async () => {
    const subscriptions = on.map((filters) => ({ source: "default", filters }));
    const yaml = await readFile(new URL("func.yaml", import.meta.url), "utf8");
    expect(load(yaml)).toMatchObject({ name, deploy: { subscriptions } });
  });
});
`;
}

export const filterOf = (each: Subscription): Filter =>
  "fact" in each ? { type: fact[each.fact] } : { type: resource[each.verb], kind: each.kind };

const readme = ({ name, on }: NewFunction): string => `# ${name}

Looks at an Account and leaves it as it is.

| takes | of |
|---|---|
${on.map(rowOf).join("\n")}

| to | run |
|---|---|
| see it at work while writing it | \`bin/pm dev\` |
| give it one event | \`bin/pm invoke ${name} --account root:orgs:acme --dry-run\` |
| test it | \`make check\` |
`;

function rowOf(each: Subscription): string {
  const { type, kind } = filterOf(each);
  return `| \`${type}\` | ${kind ?? "another function"} |`;
}

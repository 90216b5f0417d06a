/** What each runtime made of each case. */
export class Results {
  readonly runtimes: readonly string[];
  readonly #byCase = new Map<string, Map<string, string>>();

  constructor(runtimes: readonly string[]) {
    this.runtimes = runtimes;
  }

  add(name: string, runtime: string, result: string): void {
    const results = this.#byCase.get(name) ?? new Map<string, string>();
    this.#byCase.set(name, results.set(runtime, result));
  }

  /** Cases in the order in which they were first told; a runtime that a case does not concern has a dash in its cell. */
  rows(): readonly (readonly string[])[] {
    return [...this.#byCase].map(([name, results]) => [name, ...this.runtimes.map((each) => results.get(each) ?? "–")]);
  }
}

/** The page of the docs. */
export function pageOf(results: Results): string {
  const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return `${intro}
${row(["case", ...results.runtimes])}
${row(["---", ...results.runtimes.map(() => "---")])}
${results.rows().map(row).join("\n")}
`;
}

const intro = `# The runtimes of a function

<!-- Written by test/runtimes/runtimes.test.ts: vitest run --project=embedded test/runtimes --update -->

One function runs the same in each of these; docs/functions.md says how to start it there.

| runtime | what it is |
|---|---|
| in process | the dispatcher of \`pm run\`, on the bus of \`pm run\` |
| process of its own | \`pm run --isolation process\`: the same dispatcher, and a process for the function that is there only while it has work |
| pm serve | one process that serves all functions over HTTP, or those that \`--function\` names |
| container of one function | \`functions/NAME/dist/index.js\`, a program by itself: what the image of a function runs on Knative Serving |
| faas-js-runtime | the same file in the official Node.js function runtime, version 4.0.1 |

Each case is one event, sent in binary and in structured mode. The suite expects the same outcome, the same facts and the
same writes to kcp from every runtime; below that, what each answers to requests that are no such event. Where
faas-js-runtime answers differently, its own server does so before the function is asked: it takes bodies up to 1 MiB,
and knows its own words for what is broken. What can never succeed becomes a dead letter on the bus, and over HTTP the
fact \`io.platform-mesh.account.failed\`.
`;

/** What became of a case on one backend. */
export interface Outcome {
  readonly backend: string;
  /** Topic, then groups, then the case itself. */
  readonly path: readonly string[];
  readonly passed: boolean;
}

const begin = "<!-- begin: written by test/conformance/table-reporter.ts -->";
const end = "<!-- end -->";

/** The page with a table of these outcomes instead of the one that it has. */
export function withTable(page: string, outcomes: readonly Outcome[]): string {
  const [before, rest] = split(page, begin);
  const [, after] = split(rest, end);
  return `${before}${begin}\n\n${tableOf(outcomes)}\n${end}${after}`;
}

/** The cases that the table of a page names, as `topic: group: case`; with a mark where a backend fails. */
export function casesIn(page: string): readonly string[] {
  let topic = "";
  return page.split("\n").flatMap((line) => {
    if (line.startsWith("### ")) topic = line.slice(4);
    const [, name, ...results] = /^\| (.*) \| (\S+) \| (\S+) \|$/.exec(line) ?? [];
    if (name === undefined || results.includes("kcp")) return [];
    const isEqual = results.every((each) => each === good);
    return [`${topic}: ${name}${isEqual ? "" : " (differs)"}`];
  });
}

/** How the table names a case. */
export const nameOf = ([topic = "", ...path]: readonly string[]): string => `${topic}: ${inCell(path.join(": "))}`;

const good = "✓";
const bad = "✗";

function tableOf(outcomes: readonly Outcome[]): string {
  const byCase = Map.groupBy(outcomes, ({ path }) => nameOf(path));
  const topics = Map.groupBy(outcomes, ({ path: [topic = ""] }) => topic);
  const failed = [...byCase.values()].filter((each) => each.some(({ passed }) => !passed)).length;
  const verdict = failed === 0 ? "every one answered alike by both" : `${failed} of them not answered alike`;
  const sections = [...topics.keys()].map((topic) => {
    const rows = [...byCase].filter(([name]) => name.startsWith(`${topic}: `));
    const lines = rows.map(([name, results]) => row(name.slice(topic.length + 2), results));
    return [`### ${topic}\n`, "| case | embedded | kcp |", "|---|---|---|", ...lines, ""].join("\n");
  });
  return [`${byCase.size} cases, ${verdict}.\n`, ...sections].join("\n");
}

function row(name: string, results: readonly Outcome[]): string {
  const mark = (backend: string) => {
    const result = results.find((each) => each.backend === backend);
    return result?.passed ? good : bad;
  };
  return `| ${name} | ${mark("embedded")} | ${mark("kcp")} |`;
}

const inCell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("<", "\\<");

function split(text: string, mark: string): readonly [string, string] {
  const at = text.indexOf(mark);
  if (at < 0) throw new Error(`the page has no ${mark}`);
  return [text.slice(0, at), text.slice(at + mark.length)];
}

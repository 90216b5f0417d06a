const known = new Map<string, string>();

/** Has a name, an id or an address of this run written as `shown` from now on. */
export function callIt(name: string, shown: string): void {
  known.set(name, shown);
}

const patterns: readonly (readonly [RegExp, string])[] = [
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, "<uid>"],
  [/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, "<time>"],
  [/\b[0-9a-f]{64}\b/g, "<hash>"],
  [/(resourceVersion\\*"?: ?\\*['"]?)\d+/g, "$1<version>"],
];

/** Text in which nothing is left that differs between two runs. */
export function neutral(text: string): string {
  const longestFirst = [...known].sort(([one], [other]) => other.length - one.length);
  const named = longestFirst.reduce((so, [name, shown]) => so.replaceAll(name, shown), text);
  return patterns.reduce((so, [pattern, shown]) => so.replace(pattern, shown), named);
}

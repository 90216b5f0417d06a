import { counted } from "../account-state.ts";
import type { FileArchive } from "../export/file-archive.ts";
import { inWords } from "../export/format.ts";
import type { Summary } from "../export/read.ts";

export interface Contents extends Summary {
  /** Times of the first and last event, RFC 3339. */
  readonly first: string | undefined;
  readonly last: string | undefined;
  readonly accounts: number;
  /** Versions of the product whose functions were recorded. */
  readonly versions: readonly string[];
}

export async function contentsOf(archive: FileArchive): Promise<Contents> {
  let first: string | undefined;
  let last: string | undefined;
  const accounts = new Set<string>();
  const versions = new Set<string>();
  for await (const { event } of archive.history()) {
    if (event.time !== undefined) {
      first ??= event.time;
      last = event.time;
    }
    if (event.accountkey !== undefined) accounts.add(event.accountkey);
  }
  for await (const { invocation } of archive.invocations()) versions.add(invocation.version);
  return { ...archive.summary, first, last, accounts: accounts.size, versions: [...versions].sort() };
}

export function describe(file: string, contents: Contents, into: string | undefined): string {
  const { counts, product, exportedAt, selection, first, last, accounts, versions } = contents;
  const asked = Object.entries(selection).map(([name, value]) => (name === "path" ? value : `--${name} ${value}`));
  const facts: readonly (readonly [string, string | undefined])[] = [
    ["holds", `${inWords(counts)}, of ${counted(accounts, "account")}`],
    ["from", first],
    ["to", last],
    ["asked for", asked.length > 0 ? asked.join(" ") : "all"],
    ["exported", `${exportedAt} by version ${product}`],
    ["functions", versions.length > 0 ? `of version ${versions.join(", ")}` : undefined],
  ];
  const lines = facts.flatMap(([what, value]) => (value === undefined ? [] : [`  ${what.padEnd(9)} ${value}\n`]));
  const where = into === undefined ? `--file ${file}` : `--nats-prefix ${into}`;
  return `${file} is whole and unchanged\n${lines.join("")}next: pm events ${where}, pm trace PATH ${where}\n`;
}

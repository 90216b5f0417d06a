import type { Tuple } from "../../shared/fga/fga.ts";
import { formatTuple } from "../../shared/fga/tuples.ts";
import { defineCommand } from "../command.ts";
import { exit, UsageError } from "../errors.ts";
import { print } from "../output.ts";
import { fgaFlags } from "../run/fga-flags.ts";
import { styleOf } from "../style.ts";
import { withReport } from "./inspect.ts";
import { type Report, renderTuples } from "./report.ts";

export default defineCommand({
  name: "security repair",
  summary: "Write what is missing in OpenFGA for the accounts and Memberships of an org",
  description: `Writes structure, which gives nobody a right by itself, and what Memberships give. It never makes a creator owner
again, and keeps what others have written. What is left of accounts that do not exist is shown with --orphans, and removed
with --yes beside it: after a restore of kcp, look twice before.`,
  options: {
    "dry-run": { type: "boolean", description: "only show what would be written and removed" },
    orphans: { type: "boolean", description: "look after what is left of accounts that do not exist, too" },
    yes: { type: "boolean", short: "y", description: "with --orphans: remove them" },
    ...fgaFlags,
  },
  positionals: [{ name: "PATH", description: "the org, or an account in it (default -w)" }],
  examples: [
    { run: "pm security repair root:orgs:acme --dry-run -o json", does: "the plan" },
    { run: "pm security repair root:orgs:acme", does: "writes what is missing" },
    { run: "pm security repair root:orgs:acme --orphans --yes", does: "removes what is left of deleted accounts, too" },
  ],
  async run({ options, positionals: [path] }, io) {
    const { orphans, yes, "dry-run": isDry } = options;
    const where = "pm security repair";
    if (yes && !orphans) throw new UsageError("--yes: is for --orphans", { where, next: `${where} --help` });
    return withReport({ options, path, command: "security repair" }, io, async (report, fga) => {
      const deletes = orphans && yes ? plain(report.orphaned) : [];
      const writes = plain(report.missing);
      const { store } = report.org;
      if (!isDry && writes.length + deletes.length > 0)
        await fga.write({ store, writes, deletes }, { signal: io.signal });
      const done = {
        org: report.org.path,
        store,
        dryRun: isDry,
        writes,
        deletes,
        kept: orphans ? leftOf(report, deletes) : [],
      };
      print(io, options.output, done, {
        table: () =>
          renderTuples({ ...report, foreign: [], withheld: [], ...(!orphans && { orphaned: [] }) }, styleOf(io)) +
          said(done),
        name: () => [...writes, ...deletes].map((tuple) => `${formatTuple(tuple)}\n`).join(""),
      });
      return exit.ok;
    });
  },
});

interface Done {
  readonly dryRun: boolean;
  readonly writes: readonly Tuple[];
  readonly deletes: readonly Tuple[];
  readonly kept: readonly Tuple[];
}

function said({ dryRun, writes, deletes, kept }: Done): string {
  const verb = dryRun ? "would be " : "";
  const left = kept.length > 0 ? `, ${kept.length} orphaned kept: --orphans --yes removes them` : "";
  return `${writes.length} ${verb}written, ${deletes.length} ${verb}removed${left}\n`;
}

const leftOf = ({ orphaned }: Report, deletes: readonly Tuple[]): readonly Tuple[] =>
  deletes.length > 0 ? [] : plain(orphaned);

const plain = (tuples: readonly Tuple[]): readonly Tuple[] =>
  tuples.map(({ user, relation, object }) => ({ user, relation, object }));

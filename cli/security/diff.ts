import { formatTuple } from "../../shared/fga/tuples.ts";
import { defineCommand } from "../command.ts";
import { exit } from "../errors.ts";
import { print } from "../output.ts";
import { fgaFlags } from "../run/fga-flags.ts";
import { styleOf } from "../style.ts";
import { withReport } from "./inspect.ts";
import { isInOrder, renderDiff, toJson } from "./report.ts";

export default defineCommand({
  name: "security diff",
  summary: "What in OpenFGA differs from the accounts and Memberships of an org",
  description: `Reads all tuples of the org's store and all its accounts. Missing is what an account or a Membership needs; orphaned
is what is left of accounts that do not exist; foreign is what others have written, which stays. Exit code 1 when anything
is missing or orphaned.`,
  options: { ...fgaFlags },
  positionals: [{ name: "PATH", description: "the org, or an account in it (default -w)" }],
  examples: [
    { run: "pm security diff root:orgs:acme --fga-url https://openfga:8080", does: "one org" },
    { run: "pm security diff root:orgs:acme -o json | jq .missing", does: "for scripts, with FGA_URL set" },
  ],
  run: ({ options, positionals: [path] }, io) =>
    withReport({ options, path, command: "security diff" }, io, async (report) => {
      print(io, options.output, toJson(report), {
        table: () => renderDiff(report, styleOf(io)),
        name: () => [...report.missing, ...report.orphaned].map((tuple) => `${formatTuple(tuple)}\n`).join(""),
      });
      return isInOrder(report) ? exit.ok : exit.failed;
    }),
});

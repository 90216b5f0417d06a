import { accountPath } from "../account-path.ts";
import { defineCommand } from "../command.ts";
import { CliError, exit } from "../errors.ts";
import { print } from "../output.ts";
import { withSession } from "../with-session.ts";
import { accountTable } from "./table.ts";

export default defineCommand({
  name: "account get",
  summary: "Show one account, or those of a workspace",
  options: {},
  positionals: [{ name: "PATH", description: "an account; without it, those in the workspace of -w" }],
  examples: [
    { run: "pm account get root:orgs:acme", does: "one account" },
    { run: "pm account get -w root:orgs:acme", does: "the accounts in a workspace" },
    { run: "pm account get root:orgs:acme -o yaml", does: "the whole object" },
  ],
  run: ({ options, positionals: [text] }, io) =>
    withSession(options, io, async ({ client, workspace }) => {
      const call = { signal: io.signal };
      if (text === undefined) {
        const accounts = await client.list("Account", workspace, call);
        print(io, options.output, accounts, {
          table: () => accountTable(accounts, workspace, io.now()),
          name: () => accounts.map(({ metadata }) => `${workspace}:${metadata.name}\n`).join(""),
        });
        return exit.ok;
      }
      const { parent, name, path } = accountPath(text, workspace);
      const account = await client.get("Account", parent, name, call);
      if (!account) throw new CliError(`there is no account ${path}`, { next: `pm tree ${parent}` });
      print(io, options.output, account, {
        table: () => accountTable([account], parent, io.now()),
        name: () => `${path}\n`,
      });
      return exit.ok;
    }),
});

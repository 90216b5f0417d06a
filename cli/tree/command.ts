import { defaultSettings } from "../../shared/settings.ts";
import { accountPath } from "../account-path.ts";
import { counted } from "../account-state.ts";
import { defineCommand } from "../command.ts";
import { exit } from "../errors.ts";
import { print } from "../output.ts";
import { styleOf } from "../style.ts";
import { withSession } from "../with-session.ts";
import { renderTree } from "./render.ts";
import { type TreeNode, Walk } from "./walk.ts";

const { orgsPath } = defaultSettings;

export default defineCommand({
  name: "tree",
  summary: "The accounts below a workspace, and what each that is not ready waits for",
  options: {},
  positionals: [{ name: "PATH", description: `workspace to start at (default -w, then ${orgsPath})` }],
  examples: [
    { run: "pm tree", does: "every organization with its accounts" },
    { run: "pm tree root:orgs:acme", does: "one organization" },
    { run: "pm tree -o json | jq '.. | select(.ready? == false) | .path'", does: "the accounts that are not ready" },
  ],
  run: ({ options, positionals }, io) =>
    withSession(options, io, async ({ client, workspace }) => {
      const [text = workspace] = positionals;
      const walk = new Walk(client, { signal: io.signal });
      const at = text === orgsPath ? undefined : accountPath(text, workspace);
      const root = at && (await walk.account(at));
      const path = at?.path ?? orgsPath;
      const tree = root ?? { path, children: await walk.below(path) };
      const all = root ? flatten([root]) : flatten(tree.children);
      print(io, options.output, tree, {
        table: () => renderTree(tree, styleOf(io), io.now()) + summary(all),
        name: () => all.map((node) => `${node.path}\n`).join(""),
      });
      return exit.ok;
    }),
});

const flatten = (nodes: readonly TreeNode[]): readonly TreeNode[] =>
  nodes.flatMap((node) => [node, ...flatten(node.children)]);

function summary(all: readonly TreeNode[]): string {
  const open = all.filter(({ ready }) => !ready);
  if (all.length === 0) return "no accounts yet; create one: pm account create acme --wait\n";
  const [first] = open;
  const next = first
    ? `, ${open.length} not ready;  next: pm why ${first.phase === "Deleting" ? "--delete " : ""}${first.path}`
    : ", all ready";
  return `${counted(all.length, "account")}${next}\n`;
}

import { accountPath } from "../account-path.ts";
import { defineCommand } from "../command.ts";
import { exit } from "../errors.ts";
import { print } from "../output.ts";
import { styleOf } from "../style.ts";
import { withSession } from "../with-session.ts";
import { explain } from "./explain.ts";
import { explainDeletion } from "./explain-deletion.ts";
import { gather } from "./facts.ts";
import { renderDeletion, renderExplanation } from "./render.ts";

export default defineCommand({
  name: "why",
  summary: "Why an account is not ready, or not gone, and what to do",
  description:
    "Shows each step of the account, the object and the component that it waits for, kcp's own words, and the next command.",
  options: {
    delete: { type: "boolean", description: "explain what is in the way of its deletion" },
  },
  positionals: [
    { name: "PATH", description: "the account, as root:orgs:acme:dev, or its name with -w", required: true },
  ],
  examples: [
    { run: "pm why root:orgs:acme:dev", does: "why it is not Ready" },
    { run: "pm why --delete root:orgs:acme", does: "why it is not gone" },
    { run: "pm why dev -w root:orgs:acme -o json", does: "for scripts" },
  ],
  run: ({ options, positionals: [text = ""] }, io) =>
    withSession(options, io, async ({ client, workspace }) => {
      const at = accountPath(text, workspace);
      const facts = await gather(client, at, { signal: io.signal });
      const style = styleOf(io);
      const name = () => `${at.path}\n`;
      if (options.delete) {
        const deletion = explainDeletion(facts);
        print(io, options.output, deletion, { table: () => renderDeletion(deletion, style, io.now()), name });
      } else {
        const explanation = explain(facts, io.now());
        print(io, options.output, explanation, { table: () => renderExplanation(explanation, style), name });
      }
      return exit.ok;
    }),
});

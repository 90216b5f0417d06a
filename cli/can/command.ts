import { createFga } from "../../shared/fga/client.ts";
import { defineCommand } from "../command.ts";
import { exit, UsageError } from "../errors.ts";
import { print } from "../output.ts";
import { fgaFlags, fgaOf } from "../run/fga-flags.ts";
import { styleOf } from "../style.ts";
import { withSession } from "../with-session.ts";
import { ask } from "./ask.ts";
import { render } from "./render.ts";
import { resourceOf } from "./resource.ts";
import { tellFgaErrors } from "./tell-fga-errors.ts";

export default defineCommand({
  name: "can",
  summary: "Whether somebody may do something in a workspace, and which roles say so",
  description: `Asks OpenFGA what the authorization webhook asks it, and shows the relationships that lead to the answer; when it is
no, which role it would take. kcp's own RBAC can allow more. Exit code 1 when the answer is no.`,
  options: {
    namespace: { type: "string", short: "n", description: "namespace of the resource; all of them unless given" },
    group: { type: "string", description: "API group of RESOURCE, in place of RESOURCE.GROUP" },
    subresource: { type: "string", description: "as status, or log" },
    provider: { type: "string", description: "with bind: workspace of the APIExport" },
    ...fgaFlags,
  },
  positionals: [
    { name: "USER", description: "as kcp knows them, e.g. their e-mail", required: true },
    { name: "VERB", description: "get, list, watch, create, update, patch, delete, or bind", required: true },
    {
      name: "RESOURCE",
      description: "as kubectl takes it: accounts, configmaps/cm, databases.db.example",
      required: true,
    },
  ],
  examples: [
    { run: "pm can alice@example.com create accounts -w root:orgs:acme", does: "accounts below acme" },
    { run: "pm can bob@example.com get configmaps/cm -n default -w root:orgs:acme:dev", does: "one object" },
    {
      run: "pm can alice@example.com bind apiexports/db.example -w root:orgs:acme:dev --provider root:providers:db",
      does: "whether the workspace may use an API",
    },
    { run: "pm can alice@example.com delete accounts/dev -w root:orgs:acme -o json", does: "for scripts" },
  ],
  run: ({ options, positionals: [user = "", verb = "", text = ""] }, io) =>
    withSession(options, io, async ({ client, workspace }) => {
      const where = "pm can";
      const server = fgaOf(options, where);
      if (!server) throw new UsageError("--fga-url: is needed", { where, next: "name OpenFGA, or set FGA_URL" });
      const resource = resourceOf(text, options);
      if (verb === "bind" && !options.provider) {
        throw new UsageError("--provider: is needed with bind", { where, next: "name the workspace of the APIExport" });
      }
      const fga = createFga({ ...server, timeoutMs: options.timeout });
      try {
        const wanted = { user, verb, resource, workspace, provider: options.provider };
        const answer = await tellFgaErrors(server.url, () =>
          ask(wanted, { client, fga, now: io.now }, { signal: io.signal }),
        );
        print(io, options.output, answer, {
          table: () => render(answer, styleOf(io)),
          name: () => `${answer.allowed ? "yes" : "no"}\n`,
        });
        return answer.allowed ? exit.ok : exit.failed;
      } finally {
        fga.close();
      }
    }),
});

import { formatDuration } from "../../shared/duration.ts";
import { ApiError, type Call, type Unsaved } from "../../shared/kcp/client.ts";
import { apiVersionOf, kinds } from "../../shared/kcp/kinds.ts";
import type { Account } from "../../shared/kcp/objects.ts";
import type { Client } from "../../shared/kcp/rest.ts";
import { nameProblem, placementProblem } from "../../shared/naming.ts";
import { defaultSettings } from "../../shared/settings.ts";
import { type AccountPath, accountPath } from "../account-path.ts";
import { defineCommand } from "../command.ts";
import { CliError, exit, UsageError } from "../errors.ts";
import { print } from "../output.ts";
import { whoAmI } from "../who-am-i.ts";
import { withSession } from "../with-session.ts";
import { untilReady } from "./until.ts";
import { waitFlags } from "./wait-flags.ts";

export default defineCommand({
  name: "account create",
  summary: "Create an organization or an account",
  options: {
    parent: { type: "string", description: "workspace to create it in (default -w)" },
    type: {
      type: "string",
      description: "org, account, or a type of your operator's (default org in root:orgs, else account)",
    },
    "display-name": { type: "string", description: "name for people (default NAME)" },
    description: { type: "string", description: "what it is for" },
    creator: { type: "string", description: "user who owns it (default you)" },
    wait: { type: "boolean", description: "wait until it is Ready, and show each stage with its time" },
    ...waitFlags,
  },
  positionals: [{ name: "NAME", description: "name of the account and of its workspace", required: true }],
  examples: [
    { run: "pm account create acme --display-name 'Acme Inc.' --wait", does: "an organization" },
    { run: "pm account create dev --parent root:orgs:acme:team-a --wait", does: "an account" },
    { run: "pm account create dev -w root:orgs:acme -o yaml", does: "prints the object as stored" },
  ],
  run: ({ options, positionals: [name = ""] }, io) =>
    withSession(options, io, async ({ client, workspace }) => {
      const parent = options.parent ?? workspace;
      const type = options.type ?? (parent === defaultSettings.orgsPath ? "org" : "account");
      const problem = nameProblem(type, name, defaultSettings) ?? placementProblem(type, parent, defaultSettings);
      if (problem)
        throw new UsageError(problem, { where: `account ${parent}:${name}`, next: "pm account create --help" });
      const at = accountPath(`${parent}:${name}`, parent);
      const { description } = options;
      const creator = options.creator ?? (await whoCreates(client, parent, { signal: io.signal }));
      const spec = {
        type,
        displayName: options["display-name"] ?? name,
        ...(description && { description }),
        ...(creator && { creator }),
      };
      const object: Unsaved<Account> = {
        apiVersion: apiVersionOf(kinds.Account),
        kind: "Account",
        metadata: { name },
        spec,
      };
      const started = io.now();
      const created = await client
        .create<Account>(kinds.Account, parent, object, { signal: io.signal })
        .catch((error: unknown) => {
          throw refusedWith(error, at);
        });
      const showsStages = options.wait && options.output === "table";
      const account = options.wait
        ? await untilReady({ reader: client, at, io, timeout: options["wait-timeout"] }, (stage) => {
            if (showsStages) io.stdout.write(`${stage} ${formatDuration(io.now() - started)}  `);
          })
        : created;
      print(io, options.output, account, {
        table: () => (options.wait ? `${at.path}\n` : `${at.path} created;  next: pm account wait ${at.path}\n`),
        name: () => `${at.path}\n`,
      });
      return exit.ok;
    }),
});

/** Webhooks would fill it in, a policy only checks it. Without a name the server says what is wrong, as with any other. */
const whoCreates = (client: Client, parent: string, call: Call): Promise<string | undefined> =>
  whoAmI(client, call, parent).then(
    ({ username }) => username,
    (error: unknown) => {
      if (error instanceof ApiError) return undefined;
      throw error;
    },
  );

function refusedWith(error: unknown, { parent, path }: AccountPath): unknown {
  if (!(error instanceof ApiError)) return error;
  const facts = { where: `workspace ${parent}`, why: error.message, cause: error };
  if (error.reason === "AlreadyExists")
    return new CliError(`account ${path} exists already`, { next: `pm why ${path}` });
  if (error.code === 404)
    return new CliError(`there is no workspace ${parent}, or it serves no accounts`, { ...facts, next: "pm tree" });
  return new CliError(`account ${path} was refused`, {
    ...facts,
    next: "pm doctor, or ask an owner of the workspace for access",
  });
}

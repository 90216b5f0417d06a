import { formatDuration } from "../../shared/duration.ts";
import { kinds } from "../../shared/kcp/kinds.ts";
import type { Account } from "../../shared/kcp/objects.ts";
import type { Client } from "../../shared/kcp/rest.ts";
import { type AccountPath, accountPath } from "../account-path.ts";
import { counted } from "../account-state.ts";
import { defineCommand, type Io } from "../command.ts";
import { CliError, exit, UsageError } from "../errors.ts";
import { createLimit } from "../limit.ts";
import { print } from "../output.ts";
import { type TreeNode, Walk } from "../tree/walk.ts";
import { unlessHidden } from "../unless-hidden.ts";
import { withSession } from "../with-session.ts";
import { isReady } from "./milestones.ts";
import { untilGone } from "./until.ts";
import { waitFlags } from "./wait-flags.ts";

/** Accounts that are on their way down at once. */
const width = 16;

export default defineCommand({
  name: "account delete",
  summary: "Delete an account with its workspace and all that is in it",
  description: "Shows what goes, asks for the name, deletes the innermost accounts first and tells when each is gone.",
  options: {
    cascade: { type: "boolean", description: "delete the accounts below it too" },
    yes: { type: "boolean", short: "y", description: "do not ask" },
    wait: { type: "boolean", default: true, description: "wait until it is gone" },
    ...waitFlags,
  },
  positionals: [
    { name: "PATH", description: "the account, as root:orgs:acme:dev, or its name with -w", required: true },
  ],
  examples: [
    { run: "pm account delete root:orgs:acme:dev", does: "asks first" },
    { run: "pm account delete root:orgs:acme --cascade", does: "an organization with all its accounts" },
    { run: "pm account delete dev -w root:orgs:acme --yes --wait=false", does: "for scripts" },
  ],
  run: ({ options, positionals: [text = ""] }, io) =>
    withSession(options, io, async ({ client, workspace }) => {
      const at = accountPath(text, workspace);
      const account = await client.get("Account", at.parent, at.name, { signal: io.signal });
      if (!account) throw new CliError(`there is no account ${at.path}`, { next: `pm tree ${at.parent}` });
      const tree = new Walk(client, { signal: io.signal }).below(at.path);
      // One that never became ready may have no workspace; of one that is, what is inside must be known.
      const children = (await (isReady(account) ? tree : unlessHidden(tree))) ?? [];
      const paths = [...leafFirst(children), at.path];
      if (paths.length > 1 && !options.cascade) {
        throw new CliError(`account ${at.path} holds ${counted(paths.length - 1, "account")}`, {
          why: leafFirst(children).join(", "),
          next: `pm account delete ${at.path} --cascade`,
        });
      }
      if (!options.yes) await confirm(at, paths, io);
      const deletion = new Deletion(client, io, options["wait-timeout"], options.output === "table");
      await deletion.run({ path: at.path, children }, account, options.wait);
      print(io, options.output, deletion.done, {
        table: () =>
          options.wait ? "" : `${at.path} is being deleted;  next: pm account wait ${at.path} --for deleted\n`,
        name: () => paths.map((path) => `${path}\n`).join(""),
      });
      return exit.ok;
    }),
});

const leafFirst = (nodes: readonly TreeNode[]): readonly string[] =>
  nodes.flatMap(({ path, children }) => [...leafFirst(children), path]);

async function confirm({ name, path }: AccountPath, paths: readonly string[], io: Io): Promise<void> {
  io.stderr.write(
    `deletes ${counted(paths.length, "account")} with all that is in ${paths.length > 1 ? "their workspaces" : "its workspace"}, in this order:\n`,
  );
  for (const each of paths) io.stderr.write(`  ${each}\n`);
  const answer = await io.ask(`type the name "${name}" to delete: `);
  if (answer === undefined) {
    throw new UsageError(`nobody can confirm the deletion of ${path}`, {
      why: "there is no terminal",
      next: `pm account delete ${path} --yes`,
    });
  }
  if (answer.trim() !== name) throw new CliError("nothing is deleted", { why: `"${answer.trim()}" is not "${name}"` });
}

/** Takes a tree down from its leaves; branches do not wait for each other. */
class Deletion {
  readonly done: { path: string; ms: number }[] = [];
  readonly #client: Client;
  readonly #io: Io;
  readonly #timeout: number;
  readonly #tells: boolean;
  readonly #limit = createLimit(width);

  constructor(client: Client, io: Io, timeout: number, tells: boolean) {
    this.#client = client;
    this.#io = io;
    this.#timeout = timeout;
    this.#tells = tells;
  }

  async run(node: Pick<TreeNode, "path" | "children">, account: Account | undefined, waits: boolean): Promise<void> {
    await Promise.all(node.children.map((child) => this.run(child, undefined, true)));
    await this.#limit(() => this.#one(accountPath(node.path, ""), account, waits));
  }

  async #one(at: AccountPath, account: Account | undefined, waits: boolean): Promise<void> {
    const started = this.#io.now();
    const uid = account?.metadata.uid;
    const target = { cluster: at.parent, name: at.name };
    const left = await this.#client.delete(kinds.Account, target, uid ? { uid } : undefined, {
      signal: this.#io.signal,
    });
    if (!waits) return;
    if (left) await untilGone({ reader: this.#client, at, io: this.#io, timeout: this.#timeout }, left.metadata.uid);
    const ms = this.#io.now() - started;
    this.done.push({ path: at.path, ms });
    if (this.#tells) this.#io.stdout.write(`gone  ${at.path}  ${formatDuration(ms)}\n`);
  }
}

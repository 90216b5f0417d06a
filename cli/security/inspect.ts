import { createFga } from "../../shared/fga/client.ts";
import type { Fga } from "../../shared/fga/fga.ts";
import type { Call } from "../../shared/kcp/client.ts";
import type { Client } from "../../shared/kcp/rest.ts";
import { tellFgaErrors } from "../can/tell-fga-errors.ts";
import type { GlobalOptions, Io, Values } from "../command.ts";
import { CliError, UsageError } from "../errors.ts";
import { type fgaFlags, fgaOf } from "../run/fga-flags.ts";
import { withSession } from "../with-session.ts";
import { knownAccounts, orgOf, securedOrg } from "./accounts.ts";
import { compare } from "./compare.ts";
import type { Report } from "./report.ts";

interface Place {
  readonly client: Client;
  readonly fga: Fga;
  /** Path of the org. */
  readonly path: string;
}

/** Compares one org, and goes on with what `work` makes of it, while kcp and OpenFGA are connected. */
export function withReport<T>(
  { options, path, command }: { readonly options: Flags; readonly path: string | undefined; readonly command: string },
  io: Io,
  work: (report: Report, fga: Fga) => Promise<T>,
): Promise<T> {
  return withSession(options, io, async ({ client, workspace }) => {
    const where = `pm ${command}`;
    const server = fgaOf(options, where);
    if (!server) throw new UsageError("--fga-url: is needed", { where, next: "name OpenFGA, or set FGA_URL" });
    const org = orgOf(path ?? workspace, workspace);
    const fga = createFga({ ...server, timeoutMs: options.timeout });
    try {
      return await tellFgaErrors(server.url, async () =>
        work(await inspect({ client, fga, path: org }, { signal: io.signal }), fga),
      );
    } finally {
      fga.close();
    }
  });
}
type Flags = Values<typeof fgaFlags> & Values<GlobalOptions>;

async function inspect({ client, fga, path }: Place, call: Call): Promise<Report> {
  const org = await securedOrg(client, path, call);
  if (!(await fga.getStore({ id: org.store }, call))) {
    throw new CliError(`OpenFGA has no store ${org.store}`, {
      where: path,
      why: "AccountInfo names it: it was deleted, or this is another OpenFGA",
      next: `check --fga-url, then pm why ${path}`,
    });
  }
  // Tuples first: of an account that is made meanwhile none is taken for an orphan.
  const actual = await fga.read({ store: org.store, filter: {} }, call);
  const accounts = await knownAccounts(client, path, call);
  return { org, accounts: accounts.length, tuples: actual.length, ...compare(accounts, actual) };
}

import type { Archive } from "../../eventing/bus/archive.ts";
import { classify } from "../../shared/kcp/errors.ts";
import { defaultSettings } from "../../shared/settings.ts";
import { accountPath } from "../account-path.ts";
import type { GlobalOptions, Io, Values } from "../command.ts";
import { withSession } from "../with-session.ts";
import { Scope } from "./scope.ts";

type Flags = Values<GlobalOptions> & { readonly file?: string | undefined };

/** The account that PATH names, with all below it: for a bus by what kcp says, for a file by what is in it. */
export async function scopeOf(path: string, options: Flags, archive: Archive, io: Io): Promise<Scope> {
  const { signal } = io;
  const fromHistory = (workspace: string) => Scope.from(accountPath(path, workspace), archive.history({ signal }));
  if (options.file !== undefined) return fromHistory(options.workspace ?? defaultSettings.orgsPath);
  return withSession(options, io, async ({ client, workspace }) => {
    try {
      return await Scope.of(accountPath(path, workspace), client, { signal });
    } catch (error) {
      // The functions' own identity may not look into workspaces, and kcp may be what is down.
      if (signal.aborted || !["forbidden", "unreachable"].includes(classify(error))) throw error;
      return fromHistory(workspace);
    }
  });
}

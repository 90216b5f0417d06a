import type { Archive } from "../../eventing/bus/archive.ts";
import { defaultSettings } from "../../shared/settings.ts";
import { accountPath } from "../account-path.ts";
import type { GlobalOptions, Io, Values } from "../command.ts";
import { withSession } from "../with-session.ts";
import { Scope } from "./scope.ts";

type Flags = Values<GlobalOptions> & { readonly file?: string | undefined };

/** The account that PATH names, with all below it: for a bus by what kcp says, for a file by what is in it. */
export async function scopeOf(path: string, options: Flags, archive: Archive, io: Io): Promise<Scope> {
  const { signal } = io;
  if (options.file !== undefined) {
    const at = accountPath(path, options.workspace ?? defaultSettings.orgsPath);
    return Scope.from(at, archive.history({ signal }));
  }
  return withSession(options, io, ({ client, workspace }) =>
    Scope.of(accountPath(path, workspace), client, { signal }),
  );
}

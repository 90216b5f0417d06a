import { defaultSettings } from "../shared/settings.ts";
import { UsageError } from "./errors.ts";

/** An account by the path of its workspace. */
export interface AccountPath {
  readonly path: string;
  /** Path of the workspace that holds the Account object. */
  readonly parent: string;
  readonly name: string;
}

/** Takes a path, as root:orgs:acme:dev, or a name in the workspace that commands work in. */
export function accountPath(text: string, workspace: string): AccountPath {
  const path = text.startsWith("root:") ? text : `${workspace}:${text}`;
  const cut = path.lastIndexOf(":");
  const [parent, name] = [path.slice(0, cut), path.slice(cut + 1)];
  if (/^root(?::[a-z0-9][a-z0-9-]*)+$/.test(path) && `${parent}:`.startsWith(`${defaultSettings.orgsPath}:`)) {
    return { path, parent, name };
  }
  throw new UsageError(`"${text}" is no account`, {
    why: `accounts live below ${defaultSettings.orgsPath}`,
    next: `give the path of an account, as ${defaultSettings.orgsPath}:acme, or its name with -w; pm tree shows them all`,
  });
}

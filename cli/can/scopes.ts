import type { Fga, Question } from "../../shared/fga/fga.ts";
import { accountType } from "../../shared/fga/tuples.ts";
import type { Call } from "../../shared/kcp/client.ts";

/** An object that roles may be held on, from the one asked about up to the org. */
export interface Scope {
  readonly object: string;
  /** Path of its workspace, if it is an account's own. */
  readonly path?: string;
}

const deepest = 100;

/** The object asked about, what it is in and, account by account, all above; `workspace` is the path asked about. */
export async function scopesOf(asked: Question, workspace: string, fga: Fga, call: Call): Promise<readonly Scope[]> {
  const { store, tuple, contextual = [] } = asked;
  const objects = [tuple.object];
  for (let above: string | undefined = tuple.object; above !== undefined && objects.length < deepest; ) {
    above = contextual.find(({ object, relation }) => object === above && relation === "parent")?.user;
    if (above !== undefined) objects.push(above);
  }
  // From here on OpenFGA has it written down.
  for (let at = objects.at(-1); at?.startsWith(`${accountType}:`) && objects.length < deepest; at = objects.at(-1)) {
    const [parent] = await fga.read({ store, filter: { object: at, relation: "parent" } }, call);
    if (!parent || objects.includes(parent.user)) break;
    objects.push(parent.user);
  }
  return withPaths(objects, workspace, contextual.length > 0);
}

/** Paths go up with the accounts: that of the workspace has its path, all above it one name less each. */
function withPaths(objects: readonly string[], workspace: string, isBelow: boolean): readonly Scope[] {
  const accounts = objects.filter((object) => object.startsWith(`${accountType}:`));
  // An account that is asked about is in the workspace, not the workspace itself.
  const child = isBelow && accounts[0] === objects[0] ? accounts[0] : undefined;
  const own = accounts.slice(child ? 1 : 0);
  const segments = workspace.split(":");
  return objects.map((object) => {
    if (object === child) return { object, path: `${workspace}:${object.slice(object.lastIndexOf("/") + 1)}` };
    const up = own.indexOf(object);
    return up < 0 ? { object } : { object, path: segments.slice(0, segments.length - up).join(":") };
  });
}

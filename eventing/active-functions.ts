import type { AccountFunction } from "../shared/function.ts";
import { coreKinds, type Kind, kinds } from "../shared/kcp/kinds.ts";
import type { Security } from "./security.ts";

export interface Active {
  readonly disabledFunctions: ReadonlySet<string>;
  /** Where it is on. */
  readonly security: Pick<Security, "fga"> | undefined;
}

/** The functions that work in this installation. */
export function activeFunctions(
  all: readonly AccountFunction[],
  { disabledFunctions, security }: Active,
): readonly AccountFunction[] {
  const has = { security: security !== undefined, fga: security?.fga !== undefined };
  return all.filter(({ name, needs }) => !disabledFunctions.has(name) && (!needs || has[needs]));
}

/** What the source watches for them: a kind beyond the core ones may not even be served where nobody asks for it. */
export function watchedKinds(active: readonly AccountFunction[]): readonly Kind[] {
  const asked = new Set(active.flatMap(({ on }) => on.map(({ kind }) => kind)));
  const others = (Object.keys(kinds) as Kind[]).filter((kind) => !coreKinds.includes(kind) && asked.has(kind));
  return [...coreKinds, ...others];
}

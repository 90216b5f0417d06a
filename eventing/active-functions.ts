import type { AccountFunction } from "../shared/function.ts";
import { coreKinds, type Kind, kinds } from "../shared/kcp/kinds.ts";
import type { RunConfig } from "./run-config.ts";

/** The functions that work in this installation. */
export const activeFunctions = (
  all: readonly AccountFunction[],
  { disabledFunctions, security }: Pick<RunConfig, "disabledFunctions" | "security">,
): readonly AccountFunction[] =>
  all.filter(({ name, needs }) => !disabledFunctions.has(name) && (needs !== "security" || security !== undefined));

/** What the source watches for them: a kind beyond the core ones may not even be served where nobody asks for it. */
export function watchedKinds(active: readonly AccountFunction[]): readonly Kind[] {
  const asked = new Set(active.flatMap(({ on }) => on.map(({ kind }) => kind)));
  const others = (Object.keys(kinds) as Kind[]).filter((kind) => !coreKinds.includes(kind) && asked.has(kind));
  return [...coreKinds, ...others];
}

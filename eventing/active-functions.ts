import { functionsFor } from "../functions/index.ts";
import type { AccountFunction } from "../shared/function.ts";
import { coreKinds, type Kind, kinds } from "../shared/kcp/kinds.ts";
import type { RunConfig } from "./run-config.ts";

/** The functions that work in this installation. */
export const activeFunctions = ({
  settings,
  disabledFunctions,
}: Pick<RunConfig, "settings" | "disabledFunctions">): readonly AccountFunction[] =>
  functionsFor(settings).filter(({ name }) => !disabledFunctions.has(name));

/** What the source watches for them: a kind beyond the core ones may not even be served where nobody asks for it. */
export function watchedKinds(active: readonly AccountFunction[]): readonly Kind[] {
  const asked = new Set(active.flatMap(({ on }) => on.map(({ kind }) => kind)));
  const others = (Object.keys(kinds) as Kind[]).filter((kind) => !coreKinds.includes(kind) && asked.has(kind));
  return [...coreKinds, ...others];
}

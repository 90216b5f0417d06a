import type { Call } from "../kcp/client.ts";
import { sameModel } from "./canonical.ts";
import { type Fga, FgaError, type StoredModel } from "./fga.ts";
import type { LeftOut } from "./fitting.ts";
import { type Composed, composeModel } from "./modules.ts";
import type { ApiResource } from "./resource-module.ts";
import type { Module } from "./transform.ts";

export interface EnsuredModel extends Omit<Composed, "model"> {
  readonly id: string;
  /** False when the store has it already. */
  readonly written: boolean;
}

/** Gives a store the model that it should have, unless it has it. Should OpenFGA refuse it where the check before found
 *  nothing wrong, modules of others are tried one by one, and those that it refuses left out. */
export async function ensureModel(
  fga: Pick<Fga, "latestModel" | "writeModel">,
  given: {
    readonly store: string;
    readonly resources: readonly ApiResource[];
    readonly extensions?: readonly Module[];
  },
  call?: Call,
): Promise<EnsuredModel> {
  const { store, resources, extensions = [] } = given;
  const save = async (latest: StoredModel | undefined, some: readonly Module[]): Promise<EnsuredModel> => {
    const { model, ...composed } = await composeModel({ resources, extensions: some });
    if (latest && sameModel(latest.model, model)) return { ...composed, id: latest.id, written: false };
    return { ...composed, id: await fga.writeModel({ store, model }, call), written: true };
  };
  const latest = await fga.latestModel({ store }, call);
  try {
    return await save(latest, extensions);
  } catch (error) {
    if (!isRefusal(error) || extensions.length === 0) throw error;
  }
  const refused: LeftOut[] = [];
  const accepted: Module[] = [];
  let saved = await save(latest, accepted);
  for (const extension of extensions.toSorted((one, other) => (one.name < other.name ? -1 : 1))) {
    try {
      saved = await save(await fga.latestModel({ store }, call), [...accepted, extension]);
      accepted.push(extension);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      refused.push({ module: extension.name, reason: error.message });
    }
  }
  return { ...saved, leftOut: [...saved.leftOut, ...refused] };
}

const isRefusal = (error: unknown): error is FgaError => error instanceof FgaError && error.problem === "refused";

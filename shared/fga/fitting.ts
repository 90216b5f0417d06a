import type { Model } from "./fga.ts";
import { limitProblem } from "./model-limits.ts";
import { reservedPower } from "./reserved-powers.ts";
import { type Module, type Transformed, transform } from "./transform.ts";

export interface LeftOut {
  readonly module: string;
  readonly reason: string;
}

export interface Fitting {
  readonly modules: readonly Module[];
  readonly model: Model;
  readonly rejected: readonly (Module & { readonly reason: string })[];
}

/** The model of `base` and of as many candidates as go with it: one bad module never takes the others, or the org, along. */
export async function fitted(base: readonly Module[], candidates: readonly Module[]): Promise<Fitting> {
  const alone = await attempt(base);
  if ("problem" in alone) throw new Error(`the core of the model is invalid: ${alone.problem}`);
  let fitting: Fitting = { modules: base, model: alone.model, rejected: candidates.map(untried) };
  // One may extend a type of another that comes after it: what did not fit is tried again while that helps.
  for (let before = Number.POSITIVE_INFINITY; fitting.rejected.length < before && fitting.rejected.length > 0; ) {
    before = fitting.rejected.length;
    fitting = await settle({ ...fitting, rejected: [] }, fitting.rejected);
  }
  return fitting;
}

const untried = (module: Module) => ({ ...module, reason: "" });

/** Halves until those that do not fit stand alone. */
async function settle(fitting: Fitting, candidates: readonly Module[]): Promise<Fitting> {
  const modules = [...fitting.modules, ...candidates];
  const answer = await attempt(modules);
  if ("model" in answer) return { ...fitting, modules, model: answer.model };
  const [only] = candidates;
  if (only && candidates.length === 1)
    return { ...fitting, rejected: [...fitting.rejected, { ...only, reason: answer.problem }] };
  const half = Math.ceil(candidates.length / 2);
  return settle(await settle(fitting, candidates.slice(0, half)), candidates.slice(half));
}

/** Modules as a model that OpenFGA takes and that gives nobody what nobody is to have. */
export async function attempt(modules: readonly Module[]): Promise<Transformed> {
  const answer = await transform(modules);
  if ("problem" in answer) return answer;
  const problem = limitProblem(answer.model) ?? reservedPower(answer.model);
  return problem === undefined ? answer : { problem };
}

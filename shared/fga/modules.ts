import { modelHash } from "./canonical.ts";
import { coreModule, orgsModule } from "./core-module.ts";
import type { Model } from "./fga.ts";
import { attempt, fitted, type LeftOut } from "./fitting.ts";
import { type Modules, resourceModules } from "./generated-modules.ts";
import { limitWarnings } from "./model-limits.ts";
import type { ApiResource } from "./resource-module.ts";
import type { Module } from "./transform.ts";

export interface Composed {
  readonly model: Model;
  /** Equal for models that mean the same. */
  readonly hash: string;
  /** What is no part of the model, and why: the rest works without it (security.md 8B.6). */
  readonly leftOut: readonly LeftOut[];
  readonly warnings: readonly string[];
}
/** Longest module of somebody else that is read at all. */
const longestModule = 64 * 1024;

/** Model of an org's store from the core module, the resources that the org serves, and modules of others. The same for
 *  the same set in any order. */
export async function composeModel(given: {
  readonly resources: readonly ApiResource[];
  readonly extensions?: readonly Module[];
}): Promise<Composed> {
  const generated = resourceModules(given.resources);
  const extensions = extensionModules(given.extensions ?? []);
  const core = [{ name: "core", contents: coreModule }, ...generated.always];
  const own = await fitted(core, generated.modules);
  const { model, rejected } = extensions.modules.length > 0 ? await fitted(own.modules, extensions.modules) : own;
  const leftOut = [...new Set([...own.rejected, ...rejected])].map(({ name, reason }) => ({ module: name, reason }));
  return {
    model,
    hash: modelHash(model),
    leftOut: [...generated.leftOut, ...extensions.leftOut, ...leftOut],
    warnings: limitWarnings(model),
  };
}

/** Model of store `orgs`. */
export async function composeOrgsModel(): Promise<Model> {
  const answer = await attempt([{ name: "core", contents: orgsModule }]);
  if ("problem" in answer) throw new Error(`the model of store orgs is invalid: ${answer.problem}`);
  return answer.model;
}

/** In one order, each once. */
function extensionModules(extensions: readonly Module[]): Modules {
  const key = ({ name, contents }: Module) => JSON.stringify([name, contents]);
  const once = [...new Map(extensions.map((module) => [key(module), module])).values()];
  const sorted = once.toSorted((one, other) => (key(one) < key(other) ? -1 : 1));
  const isLong = ({ contents }: Module) => Buffer.byteLength(contents) > longestModule;
  const reason = `it has more than ${longestModule} bytes`;
  return {
    modules: sorted.filter((module) => !isLong(module)),
    leftOut: sorted.filter(isLong).map(({ name }) => ({ module: name, reason })),
  };
}

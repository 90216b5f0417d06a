import type { Call } from "../kcp/client.ts";

/** One relationship of OpenFGA: `user` is related to `object`. */
export interface Tuple {
  /** `<type>:<id>`, or `<type>:<id>#<relation>` for everybody in that relation, e.g. `user:alice@example.com`. */
  readonly user: string;
  readonly relation: string;
  /** `<type>:<id>`. */
  readonly object: string;
}
export interface Store {
  readonly id: string;
  readonly name: string;
}
/** An authorization model in OpenFGA's JSON form, without its id. */
export interface Model {
  readonly schema_version: string;
  readonly type_definitions: readonly object[];
  readonly conditions?: object;
}
export interface StoredModel {
  readonly id: string;
  readonly model: Model;
}

/** What the product asks of an OpenFGA server. Arguments and answers are plain JSON, so that each call can be recorded
 *  and replayed. Every method throws FgaError when the server refuses or does not answer. */
export interface Fga {
  /** All stores of exactly this name, over all pages, oldest first. */
  findStores(args: { readonly name: string }, call?: Call): Promise<readonly Store[]>;
  /** `undefined` when it does not exist (any more): writes and checks alone would not tell (spec/security.md, 2.5). */
  getStore(args: { readonly id: string }, call?: Call): Promise<Store | undefined>;
  createStore(args: { readonly name: string }, call?: Call): Promise<Store>;
  /** A store that is gone already is no error. */
  deleteStore(args: { readonly id: string }, call?: Call): Promise<void>;
  latestModel(args: { readonly store: string }, call?: Call): Promise<StoredModel | undefined>;
  /** Answers the id of the new model. */
  writeModel(args: { readonly store: string; readonly model: Model }, call?: Call): Promise<string>;
  /** All tuples that match, over all pages. `user` needs at least the type in `object` beside it, as `type:`. */
  read(args: { readonly store: string; readonly filter: Partial<Tuple> }, call?: Call): Promise<readonly Tuple[]>;
  /** Deletes and writes; up to 100 tuples at once or not at all, more in batches whose every prefix is safe: deletes come
   *  before writes. What is written, or gone, already is no error. */
  write(args: Change, call?: Call): Promise<void>;
  check(args: Question, call?: Call): Promise<boolean>;
}
export interface Change {
  readonly store: string;
  /** Model that the tuples are checked against; the latest unless given. */
  readonly model?: string;
  readonly writes: readonly Tuple[];
  readonly deletes: readonly Tuple[];
}
export interface Question {
  readonly store: string;
  readonly model?: string;
  readonly tuple: Tuple;
  /** Taken for written during this question alone. */
  readonly contextual?: readonly Tuple[];
}

/** `refused`: asking again will not help. `missing`: the store is not there. `unavailable`: no answer, 429, 5xx, a key
 *  that is not accepted, or another writer at the same moment. */
export type FgaProblem = "refused" | "missing" | "unavailable";

/** What OpenFGA said no with; `code` is its own, e.g. `validation_error`. */
export class FgaError extends Error {
  override name = "FgaError";
  readonly problem: FgaProblem;
  readonly code: string;
  constructor(message: string, { problem, code }: { problem: FgaProblem; code: string }, options?: ErrorOptions) {
    super(message, options);
    this.problem = problem;
    this.code = code;
  }
}

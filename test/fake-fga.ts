import { type Change, type Fga, FgaError, type Model, type Question, type Tuple } from "../shared/fga/fga.ts";
import { formatTuple } from "../shared/fga/tuples.ts";

const sameTuple = (a: Tuple, b: Tuple): boolean => formatTuple(a) === formatTuple(b);

/** As much of OpenFGA as there is in its tuples: stores, models that nobody reads, and direct relations. `check` follows
 *  usersets, `owner from parent`, and owners who are members too; no other rule of a model. */
export class FakeFga implements Fga {
  readonly stores = new Map<
    string,
    { readonly name: string; readonly tuples: Tuple[]; model?: Model; models: number }
  >();
  /** What was asked, in order, as `write acme-store +1 -0`; reads are not kept. */
  readonly calls: string[] = [];
  /** Thrown by the next call of that method. */
  readonly failures = new Map<keyof Fga, Error>();
  #count = 0;

  /** A store that is there already. */
  store(name: string, ...tuples: readonly Tuple[]): string {
    const id = `${name}-store${this.#count++ ? `-${this.#count}` : ""}`;
    this.stores.set(id, { name, tuples: [...tuples], models: 0 });
    return id;
  }

  /** Its tuples as text, in order. */
  tuplesOf(id: string): readonly string[] {
    return (this.stores.get(id)?.tuples ?? []).map(formatTuple).sort();
  }

  /** What was asked since the last time. */
  asked(): readonly string[] {
    return this.calls.splice(0);
  }

  async findStores({ name }: { readonly name: string }) {
    this.#called("findStores");
    return [...this.stores].filter(([, store]) => store.name === name).map(([id]) => ({ id, name }));
  }

  async getStore({ id }: { readonly id: string }) {
    this.#called("getStore");
    const found = this.stores.get(id);
    return found && { id, name: found.name };
  }

  async createStore({ name }: { readonly name: string }) {
    this.#called("createStore", name);
    return { id: this.store(name), name };
  }

  async deleteStore({ id }: { readonly id: string }) {
    this.#called("deleteStore", id);
    this.stores.delete(id);
  }

  async latestModel({ store }: { readonly store: string }) {
    this.#called("latestModel");
    const { model, models } = this.#present(store);
    return model && { id: `model-${models}`, model };
  }

  async writeModel({ store, model }: { readonly store: string; readonly model: Model }) {
    this.#called("writeModel", store);
    const present = this.#present(store);
    present.model = model;
    return `model-${++present.models}`;
  }

  async read({ store, filter }: { readonly store: string; readonly filter: Partial<Tuple> }) {
    this.#called("read");
    const { user, relation, object } = filter;
    if (user !== undefined && object === undefined) throw refused("the type of the object is needed beside a user");
    const isOfType = (tuple: Tuple) => object?.endsWith(":") && tuple.object.startsWith(object);
    return this.#present(store).tuples.filter(
      (tuple) =>
        (user === undefined || tuple.user === user) &&
        (relation === undefined || tuple.relation === relation) &&
        (object === undefined || tuple.object === object || isOfType(tuple)),
    );
  }

  async write({ store, writes, deletes }: Change) {
    this.#called("write", `${store} +${writes.length} -${deletes.length}`);
    const all = [...writes, ...deletes];
    if (new Set(all.map(formatTuple)).size < all.length) throw refused("cannot_allow_duplicate_tuples_in_one_request");
    const { tuples } = this.#present(store);
    const kept = tuples.filter((tuple) => !all.some((each) => sameTuple(each, tuple)));
    tuples.splice(0, tuples.length, ...kept, ...writes);
  }

  async check({ store, tuple, contextual = [] }: Question) {
    this.#called("check");
    return holds(tuple, [...this.#present(store).tuples, ...contextual], 25);
  }

  #called(method: keyof Fga, detail?: string): void {
    const failure = this.failures.get(method);
    this.failures.delete(method);
    if (failure) throw failure;
    if (detail !== undefined) this.calls.push(`${method} ${detail}`);
  }

  #present(id: string) {
    const found = this.stores.get(id);
    if (found) return found;
    throw new FgaError(`store ${id} not found`, { problem: "missing", code: "store_id_not_found" });
  }
}

const refused = (message: string) => new FgaError(message, { problem: "refused", code: "validation_error" });

function holds(asked: Tuple, tuples: readonly Tuple[], depth: number): boolean {
  if (depth === 0) return false;
  const { user, relation, object } = asked;
  const also = (more: Partial<Tuple>) => holds({ ...asked, ...more }, tuples, depth - 1);
  const direct = tuples.some((tuple) => {
    if (tuple.object !== object || tuple.relation !== relation) return false;
    const [of = "", through] = tuple.user.split("#");
    return (
      tuple.user === user ||
      tuple.user === "user:*" ||
      (through !== undefined && also({ object: of, relation: through }))
    );
  });
  if (direct) return true;
  if (relation === "member") return also({ relation: "owner" });
  if (relation !== "owner") return false;
  return tuples.some((tuple) => tuple.object === object && tuple.relation === "parent" && also({ object: tuple.user }));
}

import { sameModel } from "../../shared/fga/canonical.ts";
import { createFga } from "../../shared/fga/client.ts";
import { orgsStoreName, orgsTuples } from "../../shared/fga/core-module.ts";
import type { FgaServer } from "../../shared/fga/credentials.ts";
import type { Fga, Store } from "../../shared/fga/fga.ts";
import { composeOrgsModel } from "../../shared/fga/modules.ts";
import type { Call } from "../../shared/kcp/client.ts";
import { CliError } from "../errors.ts";

/** Makes store `orgs`, by which everybody who is logged in may create an org, with what it lacks; says in words what it
 *  did. Throws a CliError when there are two, and FgaError. */
export async function makeOrgsStore(server: FgaServer, call: Call): Promise<string> {
  const fga = createFga(server);
  try {
    const found = await findOrgsStore(fga, call);
    const { id: store } = found ?? (await fga.createStore({ name: orgsStoreName }, call));
    const { model, tuples } = await orgsStoreLacks(fga, store, call);
    if (model) await fga.writeModel({ store, model: await composeOrgsModel() }, call);
    if (tuples.length > 0) await fga.write({ store, writes: tuples, deletes: [] }, call);
    const what = found ? (model || tuples.length > 0 ? "completed" : "there") : "created";
    return `${what}, ${store}`;
  } finally {
    fga.close();
  }
}

/** Throws a CliError when there are two. */
export async function findOrgsStore(fga: Pick<Fga, "findStores">, call: Call): Promise<Store | undefined> {
  const [store, second] = await fga.findStores({ name: orgsStoreName }, call);
  if (!second) return store;
  throw new CliError(`OpenFGA has two stores called ${orgsStoreName}: ${store?.id} and ${second.id}`, {
    why: "nobody can know which one is asked",
    next: "delete the one that holds nothing of yours",
  });
}

/** What keeps store `orgs` from doing its work: its model, and tuples. */
export async function orgsStoreLacks(fga: Pick<Fga, "latestModel" | "read">, store: string, call: Call) {
  const latest = await fga.latestModel({ store }, call);
  const model = !latest || !sameModel(latest.model, await composeOrgsModel());
  // A store without a model has no tuples either, and cannot be read.
  const present = latest ? await Promise.all(orgsTuples.map((filter) => fga.read({ store, filter }, call))) : [];
  return { model, tuples: orgsTuples.filter((_, index) => !present[index]?.length) };
}

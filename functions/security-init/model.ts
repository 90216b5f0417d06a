import { composeModel, sameModel } from "../../shared/fga/modules.ts";
import { type Chain, type Ended, type Part, skippedPart } from "./chain.ts";
import { required } from "./store.ts";

/** The org's authorization model: the core module, and one module for each API that its workspaces serve. Written only
 *  when it says something else than the one in the store, since each write makes a new id. */
export const modelPart: Part = {
  name: "model",
  async run(chain) {
    if (!chain.settings.parts.store) return skippedPart("switched off");
    const resources = await chain.clusters.discover({ cluster: chain.cluster }, chain.ctx);
    const { model, hash, leftOut, warnings } = await composeModel({ resources });
    const notes = [...leftOut.map(({ module, reason }) => `${module} is left out: ${reason}`), ...warnings];
    const modelId = await ensureModel(chain, model);
    chain.record = { ...chain.record, modelId, modelHash: hash };
    return { state: "Done", message: [modelId, ...notes].join("; ") } satisfies Ended;
  },
};

async function ensureModel(chain: Chain, model: Parameters<typeof sameModel>[0]): Promise<string> {
  const fga = required(chain);
  const store = chain.record.storeId ?? "";
  const latest = await fga.latestModel({ store }, chain.ctx);
  if (latest && sameModel(latest.model, model)) return latest.id;
  return fga.writeModel({ store, model }, chain.ctx);
}

import { ensureModel } from "../../shared/fga/ensure-model.ts";
import { type Part, skippedPart } from "./chain.ts";
import { required } from "./store.ts";

/** The org's authorization model: the core module, and one module for each API that its workspaces serve. Written only
 *  when it says something else than the one in the store, since each write makes a new id. */
export const modelPart: Part = {
  name: "model",
  async run(chain) {
    if (!chain.settings.parts.store) return skippedPart("switched off");
    const resources = await chain.clusters.discover({ cluster: chain.cluster }, chain.ctx);
    const store = chain.record.storeId ?? "";
    const { id, hash, leftOut, warnings } = await ensureModel(required(chain), { store, resources }, chain.ctx);
    const notes = [...leftOut.map(({ module, reason }) => `${module} is left out: ${reason}`), ...warnings];
    chain.record = { ...chain.record, modelId: id, modelHash: hash };
    return { state: "Done", message: [id, ...notes].join("; ") };
  },
};

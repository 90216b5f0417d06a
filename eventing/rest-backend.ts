import type { Client } from "../shared/kcp/rest.ts";
import type { Backend } from "../shared/pass.ts";

/** What the functions read and write through where no source keeps a store: each read asks the server, so that none is
 *  ever behind (decisions.md 9). */
export const restBackend = (client: Client): Backend => ({
  reader: client,
  writer: client,
  refresh: async () => {},
});

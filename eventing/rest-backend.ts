import type { Reader } from "../shared/kcp/client.ts";
import { classify } from "../shared/kcp/errors.ts";
import type { Kind } from "../shared/kcp/kinds.ts";
import type { Client } from "../shared/kcp/rest.ts";
import type { Backend } from "../shared/pass.ts";

/** Kinds inside the workspace that an account is. */
const inside: ReadonlySet<Kind> = new Set(["AccountInfo", "LogicalCluster", "APIBinding", "Membership"]);

/** What the functions read and write through where no source keeps a store: each read asks the server, so that none is
 *  ever behind (decisions.md 9). */
export const restBackend = (client: Client): Backend => ({
  reader: readerOf(client),
  writer: client,
  refresh: async () => {},
});

/** kcp forbids to look into a workspace that is not bound to the export yet, or no more: a store would have nothing of it,
 *  and what binds it comes as an event. */
const readerOf = (client: Reader): Reader => ({
  get: (kind, ...where) => unlessHidden(kind, client.get(kind, ...where), undefined),
  list: (kind, ...where) => unlessHidden(kind, client.list(kind, ...where), []),
});

async function unlessHidden<T>(kind: Kind, read: Promise<T>, nothing: T): Promise<T> {
  try {
    return await read;
  } catch (error) {
    if (inside.has(kind) && classify(error) === "forbidden") return nothing;
    throw error;
  }
}

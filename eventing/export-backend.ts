import { ApiError, type Call, type Reader } from "../shared/kcp/client.ts";
import { kinds } from "../shared/kcp/kinds.ts";
import { pathOf } from "../shared/kcp/resource-path.ts";
import type { Client } from "../shared/kcp/rest.ts";
import { logicalClusterName } from "../shared/names.ts";
import type { Backend } from "../shared/pass.ts";
import { restBackend } from "./rest-backend.ts";

/** What functions read and write through behind the API export. */
export const exportBackend = (client: Client): Backend => ({
  ...restBackend(client),
  reader: exportReader(client, client),
});

/** The export does not show all: a workspace that is not bound yet, is gone, or is none of an account answers 403 to
 *  everything. For who reads it has nothing in it then, since a source would not know of anything there either. */
export function exportReader(client: Client, reader: Reader): Reader {
  const isHidden = hiding(client);
  const reading = async <T>(read: () => Promise<T>, { absent, cluster, call }: Look<T>): Promise<T> => {
    try {
      return await read();
    } catch (error) {
      if (isRefusal(error) && (await isHidden(cluster, call))) return absent;
      throw error;
    }
  };
  return {
    get: (kind, cluster, name, call) =>
      reading(() => reader.get(kind, cluster, name, call), { absent: undefined, cluster, call }),
    list: (kind, cluster, call) => reading(() => reader.list(kind, cluster, call), { absent: [], cluster, call }),
  };
}

interface Look<T> {
  readonly absent: T;
  readonly cluster: string;
  readonly call: Call | undefined;
}

/** 401 is none: who is not known sees nothing anywhere. */
const isRefusal = (error: unknown): boolean => error instanceof ApiError && error.code === 403;

const anyAccount = `${pathOf(kinds.Account)}?limit=1`;

/** Whether the export does not show a workspace to us, while it shows others. */
function hiding(client: Client) {
  let seesAny = false;
  const refused = async (read: Promise<unknown>): Promise<boolean> => {
    try {
      await read;
      return false;
    } catch (error) {
      if (isRefusal(error)) return true;
      throw error;
    }
  };
  return async (cluster: string, call: Call | undefined): Promise<boolean> => {
    if (!(await refused(client.get("LogicalCluster", cluster, logicalClusterName, call)))) return false;
    seesAny ||= !(await refused(
      client.request({ cluster: "*", path: anyAccount, doing: "looking for Accounts" }, call),
    ));
    return seesAny;
  };
}

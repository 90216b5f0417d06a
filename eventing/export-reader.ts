import type { Reader } from "../shared/kcp/client.ts";
import { createExportClient, type ExportOptions } from "./export-client.ts";

export interface ExportReader extends Reader {
  close(): void;
}

/** Reads through the virtual workspaces of the export, where the operator may read. */
export function createExportReader(options: ExportOptions): ExportReader {
  const { client, refresh, close } = createExportClient(options);
  return {
    async get(kind, cluster, name, call) {
      await refresh();
      return client.get(kind, cluster, name, call);
    },
    async list(kind, cluster, call) {
      await refresh();
      return client.list(kind, cluster, call);
    },
    close,
  };
}

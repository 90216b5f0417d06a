import type { ClusterToolName } from "../obtain.ts";
import type { StartOptions } from "../server.ts";
import type { ApiServer } from "./api-server.ts";
import type { DebianPackages } from "./debian-packages.ts";
import type { Namespace } from "./namespace.ts";

/** What a part of the cluster is started with. */
export interface PartOptions extends Required<StartOptions> {
  readonly place: Namespace;
  readonly api: ApiServer;
  readonly packages: DebianPackages;
  readonly programs: Readonly<Record<ClusterToolName, string>>;
}

import { slices, urlsOf } from "../eventing/source/endpoints.ts";
import { kinds } from "../shared/kcp/kinds.ts";
import { loadKubeconfig } from "../shared/kcp/kubeconfig.ts";
import { readSecurityType } from "../shared/kcp/marker-urls.ts";
import { clusterOf, type LogicalCluster, type Workspace } from "../shared/kcp/objects.ts";
import { type Client, createClient } from "../shared/kcp/rest.ts";
import { coreExport, logicalClusterName, securityMarker } from "../shared/names.ts";
import { eventually, succeeding } from "./bare-kcp.ts";

const minute = 60_000;
const tenancy = { apiVersion: "tenancy.kcp.io/v1alpha1" };

/** Workspaces of orgs, made with the functions' identity but without the functions. */
export class OrgWorkspaces {
  /** Through the virtual workspace of the export, past it, and through those of the initializer and of the terminator. */
  readonly operator: Client;
  readonly direct: Client;
  readonly initializing: Client;
  readonly terminating: Client;
  /** Id of root:orgs. */
  readonly parent: string;

  private constructor(
    clients: Pick<OrgWorkspaces, "operator" | "direct" | "initializing" | "terminating">,
    id: string,
  ) {
    this.operator = clients.operator;
    this.direct = clients.direct;
    this.initializing = clients.initializing;
    this.terminating = clients.terminating;
    this.parent = id;
  }

  /** With the kubeconfig that bootstrap has written. */
  static async open(file: string): Promise<OrgWorkspaces> {
    const config = await loadKubeconfig({ file });
    const direct = createClient({ config });
    const through = (urls: readonly string[]) => createClient({ config, basesOf: () => urls });
    const slice = await direct.read(slices, { cluster: "root:platform-mesh-system", name: coreExport });
    const { urls } = await readSecurityType(direct.read, securityMarker);
    const clients = {
      operator: through(urlsOf(slice)),
      direct,
      initializing: through(urls.initializer),
      terminating: through(urls.terminator),
    };
    return new OrgWorkspaces(clients, (await direct.get("Workspace", "root", "orgs"))?.spec?.cluster ?? "");
  }

  close(): void {
    for (const client of [this.operator, this.direct, this.initializing, this.terminating]) client.close();
  }

  /** Answers the id of the org's workspace. */
  async make(name: string): Promise<string> {
    const { operator, parent } = this;
    for (const kind of ["org", "account"]) {
      const spec = { extend: { with: [{ path: "root", name: kind }] } };
      const type = { ...tenancy, kind: "WorkspaceType", metadata: { name: `${name}-${kind}` }, spec };
      await operator.create(kinds.WorkspaceType, parent, type);
    }
    const spec = { type: { path: "root:orgs", name: `${name}-org` } };
    const workspace = { ...tenancy, kind: "Workspace", metadata: { name }, spec };
    await succeeding(() => operator.create(kinds.Workspace, parent, workspace));
    return (await this.until(name, (seen) => !!seen?.spec?.cluster))?.spec?.cluster ?? "";
  }

  until(name: string, isRight: (seen: Workspace | undefined) => boolean): Promise<Workspace | undefined> {
    return eventually(() => this.operator.get("Workspace", this.parent, name), isRight, minute);
  }
  ready(name: string): Promise<Workspace | undefined> {
    return this.until(name, (seen) => seen?.status?.phase === "Ready");
  }

  /** As the initializer sees it once only it is left. */
  async untilOurs(id: string): Promise<LogicalCluster | undefined> {
    const look = () => this.initializing.get("LogicalCluster", id, logicalClusterName);
    return eventually(look, (found) => found?.status?.initializers?.join() === securityMarker, minute);
  }
  /** As the terminator sees it, once it does. */
  async untilGoing(id: string): Promise<LogicalCluster | undefined> {
    const look = async () =>
      (await this.terminating.list("LogicalCluster", "*")).find((each) => clusterOf(each) === id);
    return eventually(look, (found) => found !== undefined, minute);
  }
  setStatus(client: Client, cluster: string, status: object): Promise<LogicalCluster> {
    const target = { cluster, name: logicalClusterName, subresource: "status" } as const;
    return client.mergePatch<LogicalCluster>(kinds.LogicalCluster, target, { status });
  }
}

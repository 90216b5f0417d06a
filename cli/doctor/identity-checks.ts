import { z } from "zod";
import type { Client } from "../../shared/kcp/rest.ts";
import { coreExport } from "../../shared/names.ts";
import { systemWorkspace } from "../bootstrap/manifests.ts";
import { operatorGroup } from "../bootstrap/operator-kubeconfig.ts";
import { isKcpAdmin } from "../who-am-i.ts";
import { type Check, fail, ok, warn } from "./check.ts";

const identity: Check = {
  id: "IDENTITY",
  async run({ who }) {
    if (isKcpAdmin(who)) {
      const fix = "pm doctor --kubeconfig pm-operator.kubeconfig --admin-kubeconfig <admin.kubeconfig of kcp>";
      return warn(`${who.username} is a kcp administrator: the rights of the functions are not checked`, fix);
    }
    if (who.groups.includes(operatorGroup)) return ok(`${who.username} in group ${operatorGroup}`);
    return fail(
      `${who.username} is not in group ${operatorGroup}`,
      "pm bootstrap with credentials of a user in that group",
    );
  },
};

const ca: Check = {
  id: "CA",
  async run({ config }) {
    if (config.serverCa()) return ok("the kubeconfig carries the certificates of kcp");
    return warn(
      "the kubeconfig names no certificates of kcp: spec.clusterInfo.ca of every AccountInfo stays empty",
      "pm bootstrap writes it with them",
    );
  },
};

interface Right {
  readonly workspace: string;
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly name?: string;
  readonly namespace?: string;
}
const types = ["account", "org", "security", "universal"];
const needed: readonly Right[] = [
  ...types.map((name) => use("root", name)),
  ...["tenancy.kcp.io", "topology.kcp.io"].map((name) => bind("root", name)),
  bind(systemWorkspace, coreExport),
  ...["list", "create", "update", "patch", "delete"].map((verb) => ({
    ...bind(systemWorkspace, coreExport),
    verb,
    subresource: "content",
  })),
  ...["get", "create", "patch"].map((verb) => ({
    workspace: systemWorkspace,
    verb,
    group: "coordination.k8s.io",
    resource: "leases",
    namespace: "default",
  })),
];

const neededForSecurity: readonly Right[] = ["get", "initialize", "terminate"].map((verb) => ({
  ...use("root", "security"),
  verb,
}));

function use(workspace: string, name: string): Right {
  return { workspace, verb: "use", group: "tenancy.kcp.io", resource: "workspacetypes", name };
}
function bind(workspace: string, name: string): Right {
  return { workspace, verb: "bind", group: "apis.kcp.io", resource: "apiexports", name };
}

const rights: Check = {
  id: "RIGHTS",
  async run({ operator, isSecured }) {
    const lacks: string[] = [];
    const all = [...needed, ...((await isSecured()) ? neededForSecurity : [])];
    for (const right of all) if (!(await may(operator, right))) lacks.push(inWords(right));
    if (lacks.length === 0) return ok(`${all.length} rights in root and ${systemWorkspace}`);
    return fail(`the functions may not ${lacks.join(", nor ")}`, "pm bootstrap --upgrade");
  },
};

const forbidden: readonly Right[] = [
  { workspace: "root", verb: "create", group: "tenancy.kcp.io", resource: "workspaces" },
  { workspace: "root", verb: "create", group: "rbac.authorization.k8s.io", resource: "clusterrolebindings" },
  { workspace: systemWorkspace, verb: "update", group: "apis.kcp.io", resource: "apiexports", name: coreExport },
  { workspace: systemWorkspace, verb: "create", group: "rbac.authorization.k8s.io", resource: "clusterrolebindings" },
  { workspace: systemWorkspace, verb: "get", group: "", resource: "secrets", namespace: "kcp-system" },
];

const least: Check = {
  id: "LEAST",
  async run({ operator, who }) {
    if (isKcpAdmin(who))
      return warn("a kcp administrator may do everything", "run the functions with pm-operator.kubeconfig");
    const excess: string[] = [];
    for (const right of forbidden) if (await may(operator, right)) excess.push(inWords(right));
    if (excess.length === 0) return ok("the functions may do no more than they need");
    return warn(
      `the functions may also ${excess.join(", and ")}`,
      "take those rights from the user or from its groups",
    );
  },
};

const review = z.looseObject({ status: z.looseObject({ allowed: z.boolean() }) });

/** Asks kcp whether this identity has a right. */
async function may(client: Client, { workspace, ...resourceAttributes }: Right): Promise<boolean> {
  const answer = await client.request({
    method: "POST",
    cluster: workspace,
    path: "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
    body: { apiVersion: "authorization.k8s.io/v1", kind: "SelfSubjectAccessReview", spec: { resourceAttributes } },
    doing: `asking for our rights in ${workspace}`,
  });
  return review.parse(answer).status.allowed;
}

const inWords = ({ workspace, verb, resource, subresource, name }: Right): string =>
  `${verb} ${resource}${subresource ? `/${subresource}` : ""}${name ? ` ${name}` : ""} in ${workspace}`;

export const identityChecks: readonly Check[] = [identity, ca, rights, least];

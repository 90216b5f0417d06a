import type { Model } from "./fga.ts";
import { groupName, relationFor, typeFor } from "./names.ts";
import { powerOver, restrictedGroups } from "./resource-module.ts";

/** What lies in the restricted groups: long names are cut, so that a group's name alone would not find them. */
const known: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "rbac.authorization.k8s.io": {
    roles: "role",
    rolebindings: "rolebinding",
    clusterroles: "clusterrole",
    clusterrolebindings: "clusterrolebinding",
  },
  "tenancy.kcp.io": {
    workspaces: "workspace",
    workspacetypes: "workspacetype",
    workspaceauthenticationconfigurations: "workspaceauthenticationconfiguration",
  },
  "admissionregistration.k8s.io": {
    validatingwebhookconfigurations: "validatingwebhookconfiguration",
    mutatingwebhookconfigurations: "mutatingwebhookconfiguration",
    validatingadmissionpolicies: "validatingadmissionpolicy",
    validatingadmissionpolicybindings: "validatingadmissionpolicybinding",
    mutatingadmissionpolicies: "mutatingadmissionpolicy",
    mutatingadmissionpolicybindings: "mutatingadmissionpolicybinding",
  },
};
const writes = ["create", "update", "patch", "bind", "escalate"];
/** Relations of a type in a group of which no more than that is anybody's. */
const reserved = { delete: writes, read: [...writes, "delete"] };

/** A right in the model that nobody is to have through OpenFGA, whoever wrote the module (decisions.md 33). */
export function reservedPower(model: Model): string | undefined {
  const definitions: readonly { readonly type?: string; readonly relations?: object }[] = model.type_definitions;
  for (const { type = "", relations = {} } of definitions) {
    for (const relation of Object.keys(relations)) {
      const group = restrictedGroups.find((name) => givesPower(name, type, relation));
      if (group)
        return `relation ${relation} of type ${type} would give a right to ${group}, which OpenFGA gives to nobody`;
    }
  }
  return undefined;
}

function givesPower(group: string, type: string, relation: string): boolean {
  const power = powerOver(group);
  const resources = Object.entries(known[group] ?? {});
  const isOf = (verb: "create" | "list" | "watch") =>
    relation.startsWith(`${verb}_${groupName(group)}_`) ||
    resources.some(([plural]) => relation === relationFor(verb, group, plural));
  const isType =
    type.startsWith(`${groupName(group)}_`) || resources.some(([, singular]) => type === typeFor(group, singular));
  if (power === "all") return false;
  if (power === "none") return isType || isOf("create") || isOf("list") || isOf("watch");
  return isOf("create") || (isType && reserved[power].includes(relation));
}

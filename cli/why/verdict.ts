import { isTrue } from "../../shared/conditions.ts";
import type { Condition } from "../../shared/kcp/objects.ts";
import { condition, label } from "../../shared/names.ts";
import { defaultSettings } from "../../shared/settings.ts";
import type { Facts } from "./facts.ts";
import { unbound } from "./kcp-says.ts";

/** What is to be concluded. */
export interface Verdict {
  /** What holds it up; absent when nothing does. */
  readonly cause?: string;
  /** The object that it waits for and who has to act on it. */
  readonly waitsFor?: { readonly object: string; readonly component: string };
  readonly next?: string;
}

/** The first thing that explains it, with who has to act and what to do. */
export function verdictOf(facts: Facts, steps: readonly Condition[]): Verdict {
  const { account, path } = facts;
  const events = `pm events ${path} --since 10m`;
  if (account.metadata.deletionTimestamp) {
    return { cause: "the account is being deleted", next: `pm why --delete ${path}` };
  }
  const unseen = unseenBecause(facts);
  if (unseen) {
    const component = "pm run (is it up, and does its /readyz say ok?)";
    return { cause: unseen, waitsFor: { object: `Account ${path}`, component }, next: "pm doctor" };
  }
  if (isTrue(account, condition.ready)) return {};
  const blocked = steps.find(({ status }) => status === "False");
  if (blocked?.reason === "Error") return { cause: blocked.message, next: events };
  return (
    blockedBy(blocked?.type, facts) ?? { cause: blocked?.message ?? "a step has not been taken yet", next: events }
  );
}

function unseenBecause({ account: { metadata, status } }: Facts): string | undefined {
  const isNew = !status?.conditions?.length;
  const debug = metadata.labels?.[label.debug];
  if (isNew && debug) return `its label ${label.debug}=${debug} leaves it to pm run --debug-label-value=${debug}`;
  if (isNew) return "no function has looked at this account yet";
  return status.observedGeneration === metadata.generation
    ? undefined
    : "the last change of its spec is not handled yet";
}

function blockedBy(step: string | undefined, facts: Facts): Verdict | undefined {
  const { parent, parentInfo, types, workspace, account } = facts;
  if (account.spec.type !== "org" && !parentInfo) {
    const waitsFor = { object: `AccountInfo account in ${parent}`, component: "function manage-accountinfo" };
    return { cause: `AccountInfo of the parent ${parent} is not there`, waitsFor, next: `pm why ${parent}` };
  }
  const open = [...types].find(
    ([, type]) => !type?.status?.conditions?.some((c) => c.type === "Ready" && c.status === "True"),
  );
  if (open && !workspace) {
    const [name, type] = open;
    const component = type ? "kcp" : "function create-workspace";
    return {
      cause: type ? `WorkspaceType ${name} is not Ready in kcp` : `WorkspaceType ${name} does not exist`,
      waitsFor: { object: `WorkspaceType ${name} in ${defaultSettings.orgsPath}`, component },
      next: "pm doctor",
    };
  }
  if (step === undefined || !workspace) return undefined;
  return workspace.status?.phase === "Ready" ? functionsLag(step, facts) : workspaceNotReady(facts);
}

function workspaceNotReady(facts: Facts): Verdict {
  const { initializers = [], phase } = facts.workspace?.status ?? {};
  const object = `Workspace ${facts.path}`;
  const bindings = unbound(facts);
  const custom = initializers.find((name) => !name.startsWith("system:"));
  if (custom) {
    return {
      cause: `initializer ${custom} has not finished`,
      waitsFor: { object, component: `whoever serves the initializer ${custom}` },
      next: "pm doctor",
    };
  }
  if (bindings.length > 0) {
    return {
      cause: `kcp has not bound ${bindings.join(", ")} yet`,
      waitsFor: { object, component: "kcp" },
      next: "pm doctor",
    };
  }
  return {
    cause: `kcp has not made the workspace ready yet (${phase || "Scheduling"})`,
    waitsFor: { object, component: "kcp" },
    next: `pm account wait ${facts.path}`,
  };
}

function functionsLag(step: string, { path }: Facts): Verdict {
  const component = step === condition.info ? "function manage-accountinfo" : "function workspace-ready";
  return {
    cause: "the workspace is ready in kcp, and its function has not said so yet",
    waitsFor: { object: `Account ${path}`, component },
    next: `pm trace ${path}`,
  };
}

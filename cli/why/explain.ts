import { findCondition, isTrue } from "../../shared/conditions.ts";
import { formatDuration } from "../../shared/duration.ts";
import type { Condition, Phase } from "../../shared/kcp/objects.ts";
import { condition } from "../../shared/names.ts";
import { phaseOf, phaseSince } from "../account-state.ts";
import type { Facts } from "./facts.ts";
import { kcpSays, unbound } from "./kcp-says.ts";

/** Why an account is where it is. */
export interface Explanation {
  readonly path: string;
  readonly name: string;
  readonly phase: Phase;
  readonly ready: { readonly status: string; readonly reason: string; readonly forMs: number };
  readonly generation: number;
  readonly observedGeneration: number;
  readonly steps: readonly ExplainedStep[];
  readonly warnings: readonly string[];
  /** What holds it up; absent when nothing does. */
  readonly cause?: string;
  /** The object that it waits for and who has to act on it. */
  readonly waitsFor?: { readonly object: string; readonly component: string };
  readonly next?: string;
}
export interface ExplainedStep {
  readonly condition: string;
  readonly state: "done" | "blocked" | "later";
  readonly text: string;
  readonly details: readonly string[];
}

type Verdict = Pick<Explanation, "cause" | "waitsFor" | "next">;

const order: readonly string[] = [
  condition.workspaceType,
  condition.workspace,
  condition.info,
  condition.security,
  condition.workspaceReady,
];

/** Pure: the same facts give the same explanation. */
export function explain(facts: Facts, now: number): Explanation {
  const { account } = facts;
  const ready = findCondition(account, condition.ready);
  return {
    path: facts.path,
    name: facts.name,
    phase: phaseOf(account),
    ready: {
      status: ready?.status ?? "Unknown",
      reason: ready?.reason ?? "no status yet",
      forMs: now - phaseSince(account),
    },
    generation: account.metadata.generation ?? 0,
    observedGeneration: account.status?.observedGeneration ?? 0,
    steps: stepsOf(facts).map((step) => explainStep(step, facts, now)),
    warnings: facts.warnings
      .slice(-3)
      .map(({ reason, message, count = 1 }) => `${reason}: ${message}${count > 1 ? ` (${count} times)` : ""}`),
    ...verdictOf(facts),
  };
}

/** In the order of the chain; what other components added comes last. */
function stepsOf({ account }: Facts): readonly Condition[] {
  const rank = ({ type }: Condition) => (order.includes(type) ? order.indexOf(type) : order.length);
  return (account.status?.conditions ?? [])
    .filter(({ type }) => type !== condition.ready)
    .toSorted((a, b) => rank(a) - rank(b));
}

function explainStep(step: Condition, facts: Facts, now: number): ExplainedStep {
  const { type } = step;
  if (step.status === "True") return { condition: type, state: "done", text: doneText(step, facts, now), details: [] };
  const text = step.message || step.reason;
  if (step.status === "Unknown") return { condition: type, state: "later", text, details: [] };
  const aboutWorkspace = [condition.workspace, condition.workspaceReady, condition.info].some((name) => name === type);
  return { condition: type, state: "blocked", text, details: aboutWorkspace ? kcpSays(facts) : [] };
}

function doneText(step: Condition, { workspace, types }: Facts, now: number): string {
  const { type, name = "?" } = { type: step.type, name: workspace?.spec?.type?.name };
  if (type === condition.workspace && workspace)
    return `workspace ${workspace.spec?.cluster ?? "not scheduled"} type ${name}`;
  if (type === condition.workspaceType && types.size > 1) return `WorkspaceTypes ${[...types.keys()].join(", ")}`;
  if (type === condition.info)
    return `AccountInfo written ${formatDuration(now - Date.parse(step.lastTransitionTime))} ago`;
  return step.reason === "Complete" ? "Complete" : `${step.reason}${step.message && `: ${step.message}`}`;
}

/** The first thing that explains it, with who has to act and what to do. */
function verdictOf(facts: Facts): Verdict {
  const { account, path } = facts;
  if (account.metadata.deletionTimestamp)
    return { cause: "the account is being deleted", next: `pm why --delete ${path}` };
  const functions = "pm run (is it up, and does its /readyz say ok?)";
  const current = account.status?.observedGeneration === account.metadata.generation;
  const object = `Account ${path}`;
  if (!account.status?.conditions?.length) {
    return {
      cause: "no function has looked at this account yet",
      waitsFor: { object, component: functions },
      next: "pm doctor",
    };
  }
  if (!current) {
    return {
      cause: "the last change of its spec is not handled yet",
      waitsFor: { object, component: functions },
      next: `pm events ${path} --since 10m`,
    };
  }
  if (isTrue(account, condition.ready)) return {};
  const blocked = stepsOf(facts).find(({ status }) => status === "False");
  if (blocked?.reason === "Error") return { cause: blocked.message, next: `pm events ${path} --since 10m` };
  return (
    blockedBy(blocked?.type, facts) ?? {
      cause: blocked?.message ?? "a step has not been taken yet",
      next: `pm events ${path} --since 10m`,
    }
  );
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
      waitsFor: { object: `WorkspaceType ${name} in root:orgs`, component },
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
    next: "pm doctor",
  };
}

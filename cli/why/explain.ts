import { findCondition } from "../../shared/conditions.ts";
import { formatDuration } from "../../shared/duration.ts";
import type { Condition, Phase } from "../../shared/kcp/objects.ts";
import { condition } from "../../shared/names.ts";
import { phaseOf, phaseSince } from "../account-state.ts";
import type { Facts } from "./facts.ts";
import { kcpSays } from "./kcp-says.ts";
import { type Verdict, verdictOf } from "./verdict.ts";

/** Why an account is where it is. */
export interface Explanation extends Verdict {
  readonly path: string;
  readonly name: string;
  readonly phase: Phase;
  readonly ready: { readonly status: string; readonly reason: string; readonly forMs: number };
  readonly generation: number;
  readonly observedGeneration: number;
  readonly steps: readonly ExplainedStep[];
  readonly warnings: readonly string[];
}
export interface ExplainedStep {
  readonly condition: string;
  readonly state: "done" | "blocked" | "later";
  readonly text: string;
  readonly details: readonly string[];
}

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
  const steps = stepsOf(facts);
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
    steps: steps.map((step) => explainStep(step, facts, now)),
    warnings: facts.warnings
      .slice(-3)
      .map(({ reason, message, count = 1 }) => `${reason}: ${message}${count > 1 ? ` (${count} times)` : ""}`),
    ...verdictOf(facts, steps),
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

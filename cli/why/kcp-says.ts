import type { KcpCondition } from "../../shared/kcp/objects.ts";
import type { Facts } from "./facts.ts";

/** kcp's own words about a workspace that is not where it should be, each once. */
export function kcpSays({
  workspace,
  logicalCluster,
  bindings,
}: Pick<Facts, "workspace" | "logicalCluster" | "bindings">): readonly string[] {
  const said = [
    ...problems(workspace?.status?.conditions),
    ...problems(logicalCluster?.status?.conditions),
    ...bindings.flatMap((binding) =>
      problems(binding.status?.conditions).map((words) => `APIBinding ${binding.metadata.name}: ${words}`),
    ),
  ];
  return [...new Set(said)].map((words) => `kcp: ${words}`);
}

/** Names of the APIBindings that are not usable yet. */
export const unbound = ({ bindings }: Pick<Facts, "bindings">): readonly string[] =>
  bindings.filter(({ status }) => status?.phase !== "Bound").map(({ metadata }) => metadata.name);

/** `Ready` only sums up the others. */
function problems(conditions: readonly KcpCondition[] = []): readonly string[] {
  return conditions
    .filter(({ type, status, message }) => status !== "True" && type !== "Ready" && message)
    .map(({ message = "" }) => message);
}

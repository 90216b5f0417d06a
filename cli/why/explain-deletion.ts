import { finalizer } from "../../shared/names.ts";
import { counted, phaseOf, waitsFor } from "../account-state.ts";
import type { Facts } from "./facts.ts";
import { kcpSays } from "./kcp-says.ts";

/** One thing in the way of a deletion, and what is in the way of that. */
export interface Blocker {
  readonly text: string;
  readonly because: readonly Blocker[];
}
export interface DeletionExplanation {
  readonly path: string;
  readonly name: string;
  /** RFC 3339; absent while nobody has deleted it. */
  readonly deletingSince?: string;
  readonly blockers: readonly Blocker[];
  readonly next: string;
}

/** What has to go before the Account can: each finalizer, what it waits for, and whose turn it is. */
export function explainDeletion(facts: Facts): DeletionExplanation {
  const { account, path, name } = facts;
  const since = account.metadata.deletionTimestamp;
  const finalizers = account.metadata.finalizers ?? [];
  return {
    path,
    name,
    ...(since && { deletingSince: since }),
    blockers: finalizers.map((held) => accountFinalizer(held, facts)),
    next: nextStep(facts),
  };
}

function accountFinalizer(held: string, facts: Facts): Blocker {
  if (held === finalizer.account) {
    return blocker(`finalizer ${held} waits for Workspace ${facts.name}`, ...workspaceBlockers(facts));
  }
  if (held === finalizer.workspaceType) {
    const left = [...facts.types].filter(([, type]) => type).map(([name]) => name);
    const text = `finalizer ${held} waits for ${left.length ? `WorkspaceTypes ${left.join(", ")}, which go after the Workspace` : "nothing any more"}`;
    return blocker(text);
  }
  return foreign(held);
}

function workspaceBlockers(facts: Facts): readonly Blocker[] {
  const { workspace, account } = facts;
  if (!workspace) return [blocker("the Workspace is gone: function remove-workspace releases the finalizer next")];
  if (!workspace.metadata.deletionTimestamp) {
    const due = account.metadata.deletionTimestamp
      ? "function remove-workspace deletes it next"
      : "it is deleted with the Account";
    return [
      blocker(`Workspace ${facts.name} is ${workspace.status?.phase ?? "there"}: ${due}`),
      ...infoBlockers(facts),
    ];
  }
  const content = [...infoBlockers(facts), ...kcpSays({ ...facts, bindings: [] }).map((words) => blocker(words))];
  return content.length > 0 ? content : [blocker("kcp is deleting the Workspace and names nothing that is left in it")];
}

function infoBlockers({ info, children, path }: Facts): readonly Blocker[] {
  const childBlockers = children.map((child) => {
    const waits = waitsFor(child, undefined, []);
    return blocker(
      `${child.metadata.name}: ${phaseOf(child)}${waits && `, ${waits}`}  (pm why --delete ${path}:${child.metadata.name})`,
    );
  });
  if (children.length > 0) {
    const names = children.map(({ metadata }) => metadata.name).join(", ");
    const exist = children.length === 1 ? "still exists" : "still exist";
    return [
      blocker(
        `AccountInfo finalizer ${finalizer.info}: ${counted(children.length, "Account")} ${exist}: ${names}`,
        ...childBlockers,
      ),
    ];
  }
  return (info?.metadata.finalizers ?? [])
    .filter((held) => held !== finalizer.info)
    .map((held) => foreign(held, "AccountInfo "));
}

const foreign = (held: string, on = ""): Blocker =>
  blocker(`${on}finalizer ${held} belongs to another component: only that one may remove it`);

const blocker = (text: string, ...because: readonly Blocker[]): Blocker => ({ text, because });

function nextStep({ account, children, path, workspace }: Facts): string {
  if (!account.metadata.deletionTimestamp) return `pm account delete ${path}${children.length ? " --cascade" : ""}`;
  const [first] = children;
  if (first?.metadata.deletionTimestamp) return `pm why --delete ${path}:${first.metadata.name}`;
  if (first) return `pm account delete ${path}:${first.metadata.name}`;
  return workspace ? `pm account wait ${path} --for deleted` : "pm doctor";
}

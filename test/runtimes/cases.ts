import { type CloudEvent, fact } from "../../shared/event.ts";
import type { Mode } from "../../shared/http-event.ts";
import { kinds } from "../../shared/kcp/kinds.ts";
import { clusterOf } from "../../shared/kcp/objects.ts";
import { succeeding } from "../bare-kcp.ts";
import { orgs } from "../e2e/person.ts";
import type { Stage } from "./stage.ts";

/** What every runtime must make of an event: an outcome, facts and writes. */
export interface Case {
  /** As the table of docs/runtimes.md has it. */
  readonly name: string;
  readonly function: string;
  /** Prepares kcp, and answers the event; `org` is new for every runtime and mode, and goes through the cases in turn. */
  event(stage: Stage, org: string): Promise<CloudEvent>;
  readonly outcome: string;
  readonly reason?: string;
  /** Types, in any order. */
  readonly facts?: readonly string[];
  readonly writes?: readonly string[];
  /** To kcp, by plural of what is written, while the event is handled. */
  readonly refused?: { readonly plural: string; readonly code: number };
  /** Handed to the scheduler, where there is one. */
  readonly scheduled?: RegExp;
}

const claims = ["PATCH accounts/ORG"];
const created = [
  ...claims,
  "POST workspacetypes",
  "POST workspacetypes",
  "POST workspaces",
  "PATCH accounts/ORG/status",
];

/** In their order: what one leaves in kcp is where the next begins. */
export const cases: readonly Case[] = [
  {
    name: "nothing to do: drop",
    function: "create-workspace",
    async event(stage, org) {
      const account = await stage.person.apply(orgs, org);
      return { ...stage.event("add", "Account", account, { name: `${org}-none` }), name: `${org}-none` };
    },
    outcome: "drop",
    reason: "no Account",
    writes: [],
  },
  {
    name: "kcp is out of order: the event comes again",
    function: "create-workspace",
    event: (stage, org) => eventOfAccount(stage, org),
    refused: { plural: "workspacetypes", code: 500 },
    outcome: "retry",
    writes: claims,
  },
  {
    name: "done, with a fact",
    function: "create-workspace",
    event: (stage, org) => eventOfAccount(stage, org),
    outcome: "done",
    facts: [fact.workspaceCreated],
    writes: created.slice(1),
  },
  {
    name: "a second time: the fact again, and no write",
    function: "create-workspace",
    event: (stage, org) => eventOfAccount(stage, org),
    outcome: "done",
    facts: [fact.workspaceCreated],
    writes: [],
  },
  {
    name: "not yet: waiting",
    function: "create-workspace",
    async event(stage, org) {
      await stage.workspaceReady(org);
      const children = ["first", "second"].map((name) => succeeding(() => stage.person.apply(`${orgs}:${org}`, name)));
      const [first] = await Promise.all(children);
      if (!first) throw new Error("no child");
      return stage.event("add", "Account", first, { name: "first", cluster: clusterOf(first) });
    },
    outcome: "waiting",
    reason: "AccountInfo not found yet",
    writes: ["PATCH accounts/first", "PATCH accounts/first/status"],
  },
  {
    name: "done, in another workspace",
    function: "manage-accountinfo",
    event: async (stage, org) => stage.event("add", "Workspace", await stage.workspaceReady(org), { name: org }),
    outcome: "done",
    facts: [fact.infoReady],
    writes: ["POST accountinfos", "PATCH accounts/ORG/status"],
  },
  {
    name: "done, with several facts",
    function: "relay-lineage",
    async event(stage, org) {
      const info = await stage.person.see("AccountInfo", `${orgs}:${org}`, "account");
      return stage.event("add", "AccountInfo", info, { name: org });
    },
    outcome: "done",
    facts: [fact.parentInfoChanged, fact.parentInfoChanged],
    writes: [],
  },
  {
    name: "done, without a fact",
    function: "workspace-ready",
    event: async (stage, org) => stage.resync(await stage.person.see("Account", orgs, org)),
    outcome: "done",
    writes: [],
  },
  {
    name: "what can never succeed: failed",
    function: "create-workspace",
    async event(stage, org) {
      const name = `${org}-never`;
      return stage.event("add", "Account", await stage.person.apply(orgs, name), { name });
    },
    refused: { plural: "workspacetypes", code: 422 },
    outcome: "failed",
    writes: ["PATCH accounts/ORG-never", "PATCH accounts/ORG-never/status", "POST namespaces/default/events"],
  },
  {
    name: "too early: the event comes again in time",
    function: "nudge-workspace",
    async event(stage, org) {
      const workspace = await held(stage, org);
      const event = stage.event("delete", "LogicalCluster", workspace as never, { name: org });
      // However long a process takes to start, it is too early.
      return { ...event, kind: "LogicalCluster", time: new Date(Date.now() + 60_000).toISOString() };
    },
    outcome: "requeue",
    reason: "kcp has not seen the end of the LogicalCluster yet",
    scheduled: /^\/schedule\/nudge-workspace\?afterMs=\d+$/,
    writes: [],
  },
];

async function eventOfAccount(stage: Stage, org: string): Promise<CloudEvent> {
  return stage.event("add", "Account", await stage.person.see("Account", orgs, org), { name: org });
}

/** A Workspace that is on its way out, and stays. */
async function held(stage: Stage, name: string) {
  const { client } = stage.person;
  const target = { cluster: orgs, name };
  const finalizers = ["test.example/held"];
  const present = (await stage.person.see("Workspace", orgs, name)).metadata.finalizers ?? [];
  await client.mergePatch(kinds.Workspace, target, { metadata: { finalizers: [...present, ...finalizers] } });
  await client.delete(kinds.Workspace, target);
  return stage.person.see("Workspace", orgs, name);
}

export const modes: readonly Mode[] = ["binary", "structured"];

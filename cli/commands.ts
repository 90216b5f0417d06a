import type { Entry } from "./command.ts";

export const commands: readonly Entry[] = [
  {
    name: "bootstrap",
    summary: "Set up a kcp for accounts: workspaces, types, schemas, export, rights",
    load: () => import("./bootstrap/command.ts"),
  },
  {
    name: "uninstall",
    summary: "Take from kcp what would wait for functions that go; accounts stay",
    load: () => import("./uninstall/command.ts"),
  },
  {
    name: "doctor",
    summary: "Check an installation, and say how to mend what is wrong",
    load: () => import("./doctor/command.ts"),
  },
  {
    name: "run",
    alias: "operator",
    summary: "Follow kcp and run the functions, until stopped",
    load: () => import("./run/command.ts"),
  },
  {
    name: "functions",
    summary: "The functions of a pm run: state, events, errors, cold starts",
    load: () => import("./functions/command.ts"),
  },
  {
    name: "serve",
    summary: "Answer events over HTTP with functions, as Knative calls them",
    load: () => import("./serve/command.ts"),
  },
  {
    name: "source",
    summary: "Follow kcp and put its changes on a Knative Broker or a stream, without functions",
    load: () => import("./source/command.ts"),
  },
  {
    name: "manifests broker",
    summary: "The Knative Broker that the functions of an installation are triggered by",
    load: () => import("./manifests/broker.ts"),
  },
  {
    name: "manifests triggers",
    summary: "The Knative Triggers of all functions, made from what they want to receive",
    load: () => import("./manifests/triggers.ts"),
  },
  {
    name: "admission",
    summary: "Answer kcp's webhooks alone: admission of Accounts, and authorization",
    load: () => import("./admission/command.ts"),
  },
  {
    name: "embedded",
    summary: "A control plane in memory that speaks kcp's API, for development",
    load: () => import("./embedded/command.ts"),
  },
  {
    name: "invoke",
    summary: "Run one function for one event, here or where it is deployed",
    load: () => import("./invoke/command.ts"),
  },
  {
    name: "dev",
    summary: "Everything in one process, with functions that reload when they are edited",
    load: () => import("./dev/command.ts"),
  },
  {
    name: "new function",
    summary: "Make the folder of a new function: handler, test, func.yaml and README",
    load: () => import("./new/command.ts"),
  },
  {
    name: "tree",
    summary: "The accounts below a workspace, and what each that is not ready waits for",
    load: () => import("./tree/command.ts"),
  },
  {
    name: "why",
    summary: "Why an account is not ready, or not gone, and what to do",
    load: () => import("./why/command.ts"),
  },
  {
    name: "can",
    summary: "Whether somebody may do something in a workspace, and which roles say so",
    load: () => import("./can/command.ts"),
  },
  {
    name: "account create",
    summary: "Create an organization or an account",
    load: () => import("./account/create.ts"),
  },
  {
    name: "account get",
    summary: "Show one account, or those of a workspace",
    load: () => import("./account/get.ts"),
  },
  {
    name: "account delete",
    summary: "Delete an account with its workspace and all that is in it",
    load: () => import("./account/delete.ts"),
  },
  {
    name: "account wait",
    summary: "Wait until an account is Ready, or gone",
    load: () => import("./account/wait.ts"),
  },
  {
    name: "authorization-config",
    summary: "The file by which kcp asks the authorization webhook",
    load: () => import("./authorization-config.ts"),
  },
  {
    name: "member add",
    summary: "Make somebody member or owner of an account, or change the role",
    load: () => import("./member/add.ts"),
  },
  {
    name: "member remove",
    summary: "Take somebody's role in an account away",
    load: () => import("./member/remove.ts"),
  },
  {
    name: "member list",
    summary: "Who is owner or member of an account, and why",
    load: () => import("./member/list.ts"),
  },
  {
    name: "security diff",
    summary: "What in OpenFGA differs from the accounts and Memberships of an org",
    load: () => import("./security/diff.ts"),
  },
  {
    name: "security repair",
    summary: "Write what is missing in OpenFGA for the accounts and Memberships of an org",
    load: () => import("./security/repair.ts"),
  },
  {
    name: "events",
    summary: "The events of an account and of all below it, as the bus keeps them",
    load: () => import("./events/command.ts"),
  },
  {
    name: "dlq list",
    summary: "What functions gave up, and why",
    load: () => import("./dlq/list.ts"),
  },
  {
    name: "dlq show",
    summary: "One dead letter: the event, why it was given up, and by which version",
    load: () => import("./dlq/show.ts"),
  },
  {
    name: "dlq retry",
    summary: "Hand dead letters to their function again",
    load: () => import("./dlq/retry.ts"),
  },
  {
    name: "dlq drop",
    summary: "Remove dead letters for good",
    load: () => import("./dlq/drop.ts"),
  },
  {
    name: "export",
    summary: "Write a stretch of history to one file: events, recordings, dead letters",
    load: () => import("./export/command.ts"),
  },
  {
    name: "import",
    summary: "Check a file of pm export, say what is in it, and put it on a NATS server to look at",
    load: () => import("./import/command.ts"),
  },
  {
    name: "trace",
    summary: "What happened to one account, step by step: events, functions, writes, waits",
    load: () => import("./trace/command.ts"),
  },
  {
    name: "replay",
    summary: "Run the functions again on recorded events, and show what they do differently now",
    load: () => import("./replay/command.ts"),
  },
  { name: "version", summary: "The version of pm and of the Node.js that runs it", load: () => import("./version.ts") },
  {
    name: "completion",
    summary: "Shell completion for bash, zsh or fish",
    load: async () => ({ default: (await import("./completion.ts")).completionOf(commands) }),
  },
];

/** The command that the first words name, and the words after it. */
export function findCommand(argv: readonly string[]): { entry: Entry; rest: readonly string[] } | undefined {
  const matching = (words: number) =>
    commands.find(({ name, alias }) => [name, alias].includes(argv.slice(0, words).join(" ")));
  for (const words of [2, 1]) {
    const entry = matching(words);
    if (entry) return { entry, rest: argv.slice(words) };
  }
  return undefined;
}

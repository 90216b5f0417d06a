import { connectAdmin } from "../bootstrap/admin.ts";
import { admissionObjects } from "../bootstrap/admission.ts";
import { defineCommand } from "../command.ts";
import { exit } from "../errors.ts";
import { print } from "../output.ts";
import { type Leaving, leave, whatWaits } from "./leave.ts";

export default defineCommand({
  name: "uninstall",
  summary: "Take from kcp what would wait for functions that go; accounts stay",
  description: `Without the functions kcp would refuse new Accounts, as their webhooks do not answer, and workspaces would wait for the
security function for ever. This takes away both webhook configurations, the initializer and terminator of WorkspaceType
security in root, and the marks of workspaces that wait. What others made under these names, and all else in kcp, stays:
accounts, workspaces, schemas, rights. pm bootstrap and pm run go on from there.`,
  options: {
    "dry-run": { type: "boolean", description: "say what would go, and change nothing" },
    wait: { type: "duration", default: "1m", description: "time limit of each wait" },
  },
  examples: [
    { run: "pm uninstall --kubeconfig admin.kubeconfig --dry-run", does: "what would go" },
    { run: "pm uninstall --kubeconfig admin.kubeconfig", does: "kcp no longer needs the functions" },
  ],
  async run({ options }, io) {
    const { kubeconfig: file, context, output, wait: limitMs, timeout: timeoutMs } = options;
    const admin = await connectAdmin({
      admin: { ...(file && { file }), ...(context && { context }), env: io.env },
      timeoutMs,
    });
    try {
      const { webhook: webhooks } = await admissionObjects();
      const found = await whatWaits(admin, webhooks, { signal: io.signal });
      const isDry = options["dry-run"];
      if (!isDry) await leave(admin, found, { limitMs, io });
      print(io, output, asReport(found), {
        table: () => inWords(found, isDry),
        name: () => [...titles(found.webhooks), ...titles(found.type)].map((title) => `${title}\n`).join(""),
      });
      return exit.ok;
    } finally {
      admin.client.close();
    }
  },
});

const titles = (plans: Leaving["webhooks"]) =>
  plans
    .filter(({ isForeign }) => !isForeign)
    .map(({ object: { kind, metadata }, workspace }) => `${kind} ${metadata.name} in ${workspace}`);

function asReport({ webhooks, type, pending }: Leaving) {
  const foreign = [...webhooks, ...type].filter(({ isForeign }) => isForeign);
  return {
    removed: titles(webhooks),
    switchedOff: titles(type),
    released: pending.map(({ path }) => path),
    left: foreign.map(({ object: { kind, metadata }, workspace }) => `${kind} ${metadata.name} in ${workspace}`),
  };
}

function inWords(found: Leaving, isDry: boolean): string {
  const { removed, switchedOff, released, left } = asReport(found);
  const [remove, off, free] = isDry
    ? ["would be removed", "would be switched off", "would go on without the security function"]
    : ["removed", "switched off", "goes on without the security function"];
  const lines = [
    ...removed.map((title) => `${title}: ${remove}`),
    ...switchedOff.map((title) => `${title}: ${off}`),
    ...released.map((path) => `${path}: ${free}`),
    ...left.map((title) => `${title}: left alone, somebody else made it`),
  ];
  const rest = "accounts and all else in kcp stay; pm bootstrap takes this back";
  return [...lines, lines.length > 0 ? rest : "nothing in kcp waits for the functions", ""].join("\n");
}

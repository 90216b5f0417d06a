import { expect, test } from "vitest";
import type { View } from "./view.ts";
import { workspaceChecks } from "./workspace-checks.ts";

const now = Date.parse("2026-01-01T00:10:00Z");
interface Seen {
  readonly name: string;
  readonly phase: string;
  readonly seconds: number;
  readonly deleting?: boolean;
}

/** An installation in which only these workspaces are. */
function viewOf(workspaces: readonly Seen[]): View {
  const everywhere = {
    Workspace: workspaces.map(({ name, phase, seconds, deleting }) => {
      const then = new Date(now - seconds * 1000).toISOString();
      const annotations = { "kcp.io/cluster": "orgs-id" };
      const metadata = { name, annotations, creationTimestamp: then, ...(deleting && { deletionTimestamp: then }) };
      return { kind: "Workspace", metadata, status: { phase } };
    }),
    LogicalCluster: [{ metadata: { annotations: { "kcp.io/cluster": "orgs-id", "kcp.io/path": "root:orgs" } } }],
  };
  const view = {
    io: { now: () => now },
    everywhere: async (kind: keyof typeof everywhere) => everywhere[kind],
  };
  return view as unknown as View;
}
const run = (id: string, view: View) => workspaceChecks.find((check) => check.id === id)?.run(view);
const hanging = { name: "acme", phase: "Initializing", seconds: 90 };

test("STUCK names the workspaces that take too long, by path and phase", async () => {
  const view = viewOf([
    hanging,
    { name: "gone", phase: "Ready", seconds: 300, deleting: true },
    { name: "fine", phase: "Ready", seconds: 300 },
    { name: "new", phase: "Scheduling", seconds: 3 },
  ]);
  expect(await run("STUCK", view)).toMatchObject({
    level: "WARN",
    message: "2 workspaces are late: root:orgs:acme Initializing 90s, root:orgs:gone Deleting 5m",
  });
  expect(await run("STUCK", viewOf([]))).toMatchObject({ level: "OK" });
});

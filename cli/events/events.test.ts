import { expect, test } from "vitest";
import type { CloudEvent } from "../../shared/event.ts";
import { createClient } from "../../shared/kcp/rest.ts";
import { KcpServer } from "../../test/kcp-server.ts";
import { runPm } from "../../test/run-pm.ts";
import { accountPath } from "../account-path.ts";
import { styleOf } from "../style.ts";
import { renderEvent } from "./render.ts";
import { Scope } from "./scope.ts";

function event(more: Partial<CloudEvent>): CloudEvent {
  const type = "dev.knative.apiserver.resource.update";
  return { specversion: "1.0", id: "c.u.1", source: "kcp", type, time: "2026-01-01T00:00:00.123Z", ...more };
}
const at = accountPath("root:orgs:acme", "");

async function scopeIn(kcp: KcpServer): Promise<Scope> {
  const tls = {};
  const config = {
    context: "t",
    server: kcp.url,
    workspace: undefined,
    serverCa: () => "",
    tls,
    headers: async () => ({}),
  };
  return Scope.of(at, createClient({ config }), {});
}

test("an account's events are those of its key, of its workspace, and of all below it", async () => {
  await using kcp = await KcpServer.start();
  kcp.put("root:orgs", {
    kind: "LogicalCluster",
    metadata: { name: "cluster", annotations: { "kcp.io/cluster": "orgs-id" } },
  });
  kcp.put("root:orgs", { kind: "Workspace", metadata: { name: "acme" }, spec: { cluster: "acme-id" } });
  const scope = await scopeIn(kcp);
  const held: readonly (readonly [boolean, Partial<CloudEvent>])[] = [
    [true, { accountkey: "orgs-id/acme" }],
    [true, { accountkey: "acme-id/dev" }],
    [true, { kcpcluster: "acme-id" }],
    [true, { kcppath: "root:orgs:acme" }],
    [true, { kcppath: "root:orgs:acme:x:y" }],
    [false, { kcppath: "root:orgs:acme2" }],
    [false, { accountkey: "orgs-id/beta" }],
    [false, { kcpcluster: "dev-id" }],
    [true, { kcpcluster: "acme-id", kind: "Workspace", name: "dev", data: { spec: { cluster: "dev-id" } } }],
    [true, { kcpcluster: "dev-id" }],
    [true, { accountkey: "dev-id/leaf" }],
    [false, {}],
  ];
  for (const [expected, attributes] of held)
    expect([attributes, scope.holds(event(attributes))]).toEqual([attributes, expected]);
});

test("an account that is gone with all around it is known by its path, and learned from its events", async () => {
  await using kcp = await KcpServer.start();
  const scope = await scopeIn(kcp);
  const itself = { kind: "Account", name: "acme", kcppath: "root:orgs", accountkey: "orgs-id/acme" };
  expect(scope.holds(event({ accountkey: "orgs-id/acme" }))).toBe(false);
  expect(scope.holds(event(itself))).toBe(true);
  expect(scope.holds(event({ accountkey: "orgs-id/acme" }))).toBe(true);
});

test("a line says when, what, which, where, and in which trace", () => {
  const trace = { traceparent: `00-${"ab".repeat(16)}-${"cd".repeat(8)}-01` };
  const plain = styleOf({ color: false });
  const seen = event({
    kind: "Workspace",
    name: "dev",
    phase: "Ready",
    deleting: "true",
    kcppath: "root:orgs:acme",
    ...trace,
  });
  expect(renderEvent({ sequence: 1, event: seen }, "table", plain)).toMatch(
    /^00:00:00\.123 {2}Workspace update +dev \(Ready, deleting\) +root:orgs:acme +abababab\n$/,
  );
  const fact = event({
    type: "io.platform-mesh.account.ready",
    id: "c.u.1/workspace-ready/io.platform-mesh.account.ready/0",
    accountkey: "k/n",
  });
  expect(renderEvent({ sequence: 1, event: fact }, "table", plain)).toMatch(/ready +by workspace-ready +k\/n\n$/);
  expect(JSON.parse(renderEvent({ sequence: 7, event: fact }, "json", plain))).toEqual({ sequence: 7, event: fact });
  expect(renderEvent({ sequence: 7, event: fact }, "yaml", plain)).toMatch(/^---\nsequence: 7\nevent:\n/);
  expect(renderEvent({ sequence: 7, event: fact }, "name", plain)).toBe(`${fact.id}\n`);
});

test("a bus must be named and answer: else 2 and 3", async () => {
  const events = (...flags: string[]) => runPm(["events", "--timeout=1s", ...flags]);
  expect(await events()).toMatchObject({ code: 2, err: expect.stringContaining("no bus is named") });
  const nats = "--nats-url=nats://127.0.0.1:1";
  expect(await events(nats)).toMatchObject({ code: 3, err: expect.stringContaining("NATS does not answer") });
  expect(await events("--bus-socket=/nowhere/s")).toMatchObject({ code: 3, err: expect.stringContaining("no such") });
  expect(await events("--bus-socket=package.json")).toMatchObject({ code: 3 });
  expect(await events("--bus-socket=s", nats)).toMatchObject({ code: 2, err: expect.stringContaining("two buses") });
});

import { describe, expect, test } from "vitest";
import { type Fixture, KcpServer } from "../../test/kcp-server.ts";
import { runPm } from "../../test/run-pm.ts";

const now = Date.parse("2026-01-01T01:00:00Z");
const ago = (seconds: number) => new Date(now - seconds * 1000).toISOString();
const complete = (type: string, seconds: number) => ({
  type,
  status: "True",
  reason: "Complete",
  message: "",
  lastTransitionTime: ago(seconds),
});
const stopped = (type: string, message: string, seconds = 41) => ({
  type,
  status: "False",
  reason: "Stopped",
  message,
  lastTransitionTime: ago(seconds),
});
const unknown = (type: string) => ({
  type,
  status: "Unknown",
  reason: "Unknown",
  message: `awaiting first reconciliation for ${type}`,
  lastTransitionTime: ago(41),
});

function account(name: string, conditions: readonly object[], metadata: object = {}, type = "account"): Fixture {
  const made = { name, generation: 1, creationTimestamp: ago(42), ...metadata };
  const status = conditions.length > 0 ? { conditions, observedGeneration: 1 } : undefined;
  return { kind: "Account", metadata: made, spec: { type, displayName: name }, ...(status && { status }) };
}
const workspace = (name: string, status: object, metadata: object = {}): Fixture => ({
  kind: "Workspace",
  metadata: { name, ...metadata },
  spec: { cluster: "2c19imyq4p38wi67", type: { name: "acme-account", path: "root:orgs" } },
  status,
});
const info = (finalizers: readonly string[] = []): Fixture => ({
  kind: "AccountInfo",
  metadata: { name: "account", finalizers },
  spec: {},
});
const type: Fixture = {
  kind: "WorkspaceType",
  metadata: { name: "acme-account" },
  spec: {},
  status: { conditions: [{ type: "Ready", status: "True" }] },
};

const parent = "root:orgs:acme:team-a";
const dev = `${parent}:dev`;

/** What `pm why` prints about one account in these surroundings. */
async function why(place: (kcp: KcpServer) => void, ...argv: string[]): Promise<string> {
  await using kcp = await KcpServer.start();
  kcp.put("root:orgs", type);
  place(kcp);
  return (await runPm(["why", ...argv, dev], { server: kcp.url, now: () => now })).out;
}

describe("why an account is not ready", () => {
  test("the initializer that is not served", async () => {
    const out = await why((kcp) => {
      const steps = [
        complete("WorkspaceTypeSubroutine", 41),
        complete("WorkspaceSubroutine", 41),
        complete("ManageAccountInfoSubroutine", 39),
      ];
      const open = [
        stopped("WorkspaceReadySubroutine", "Workspace not ready yet"),
        stopped("Ready", "one or more subroutines stopped the chain"),
      ];
      kcp.put(parent, account("dev", [...steps, ...open]));
      kcp.put(parent, info());
      const kcpSays = {
        type: "WorkspaceInitialized",
        status: "False",
        message: "Initializers still exist: [root:security]",
      };
      kcp.put(
        parent,
        workspace("dev", { phase: "Initializing", initializers: ["root:security"], conditions: [kcpSays] }),
      );
    });
    expect(out).toBe(`Account dev  Ready=False (Stopped)  for 41s, generation 1/1
  ✓ WorkspaceTypeSubroutine      Complete
  ✓ WorkspaceSubroutine          workspace 2c19imyq4p38wi67 type acme-account
  ✓ ManageAccountInfoSubroutine  AccountInfo written 39s ago
  ✗ WorkspaceReadySubroutine     Workspace not ready yet
      └ kcp: Initializers still exist: [root:security]
cause: initializer root:security has not finished
waits for: Workspace ${dev}   to be served by: whoever serves the initializer root:security
next: pm doctor
`);
  });

  test("the binding that kcp has not made", async () => {
    const out = await why((kcp) => {
      kcp.put(
        parent,
        account("dev", [
          stopped("ManageAccountInfoSubroutine", "Workspace not ready yet"),
          unknown("WorkspaceReadySubroutine"),
        ]),
      );
      kcp.put(parent, info());
      kcp.put(parent, workspace("dev", { phase: "Initializing", initializers: ["system:apibindings"] }));
      const condition = { type: "BindingUpToDate", status: "False", message: "export core is not valid" };
      const binding = {
        kind: "APIBinding",
        metadata: { name: "core" },
        spec: { reference: {} },
        status: { phase: "Binding", conditions: [condition] },
      };
      kcp.put(dev, binding);
    });
    expect(out).toContain("      └ kcp: APIBinding core: export core is not valid\n");
    expect(out).toContain(
      "  · WorkspaceReadySubroutine     awaiting first reconciliation for WorkspaceReadySubroutine\n",
    );
    expect(out).toContain(`cause: kcp has not bound core yet\nwaits for: Workspace ${dev}   to be served by: kcp\n`);
  });

  test("the parent whose AccountInfo is not there", async () => {
    const out = await why((kcp) =>
      kcp.put(parent, account("dev", [stopped("WorkspaceSubroutine", "AccountInfo not found yet")])),
    );
    expect(out).toContain(`cause: AccountInfo of the parent ${parent} is not there
waits for: AccountInfo account in ${parent}   to be served by: function manage-accountinfo
next: pm why ${parent}
`);
  });

  test("the WorkspaceType that is not Ready", async () => {
    const out = await why((kcp) => {
      kcp.put("root:orgs", { ...type, status: {} });
      kcp.put(parent, info());
      kcp.put(parent, account("dev", [stopped("WorkspaceSubroutine", "Workspace type not ready yet")]));
    });
    expect(out).toContain(
      "cause: WorkspaceType acme-account is not Ready in kcp\nwaits for: WorkspaceType acme-account in root:orgs   to be served by: kcp",
    );
  });

  test("an error, with the warnings that were told", async () => {
    const failed = {
      ...stopped("WorkspaceSubroutine", "Workspace dev was not made for this Account"),
      reason: "Error",
    };
    const out = await why((kcp) => {
      kcp.put(parent, account("dev", [failed]));
      kcp.put(parent, info());
      kcp.put(parent, {
        kind: "Event",
        metadata: { name: "e" },
        type: "Warning",
        reason: "Failed",
        message: "no",
        count: 3,
      });
    });
    expect(out).toContain("  ! Failed: no (3 times)\n");
    expect(out).toContain("cause: Workspace dev was not made for this Account\nnext: pm events");
  });

  test("nobody at work", async () => {
    const out = await why((kcp) => kcp.put(parent, account("dev", [])));
    expect(out).toContain("cause: no function has looked at this account yet\nwaits for: Account");
    expect(out).toContain("pm run (is it up, and does its /readyz say ok?)");
  });

  test("a debug label that keeps this installation away", async () => {
    const out = await why((kcp) =>
      kcp.put(parent, account("dev", [], { labels: { "debug.platform-mesh.io": "ann" } })),
    );
    expect(out).toContain("cause: its label debug.platform-mesh.io=ann leaves it to pm run --debug-label-value=ann");
  });

  test("a change that is not handled yet", async () => {
    const out = await why((kcp) => kcp.put(parent, account("dev", [complete("Ready", 5)], { generation: 2 })));
    expect(out).toContain("generation 1/2\n");
    expect(out).toContain("cause: the last change of its spec is not handled yet");
  });

  test("nothing: it is ready", async () => {
    const out = await why((kcp) => {
      kcp.put(parent, account("dev", [complete("Ready", 5)]));
      kcp.put(parent, info());
    });
    expect(out).toBe("Account dev  Ready=True (Complete)  for 5.0s, generation 1/1\nnothing holds it up\n");
  });

  test("as JSON for scripts", async () => {
    const out = await why((kcp) => kcp.put(parent, account("dev", [])), "-o", "json");
    expect(JSON.parse(out)).toMatchObject({
      path: dev,
      phase: "Declared",
      ready: { status: "Unknown", forMs: 42_000 },
    });
  });
});

describe("why an account is not gone", () => {
  const mine = "account.core.platform-mesh.io/finalizer";
  const going = (finalizers: readonly string[]) => ({ deletionTimestamp: ago(120), finalizers });

  test("children hold the AccountInfo, and it the workspace", async () => {
    const out = await why((kcp) => {
      kcp.put(
        parent,
        account(
          "dev",
          [stopped("WorkspaceSubroutineFinalize", "Waiting for Workspace deletion")],
          going([mine, "example.com/audit"]),
        ),
      );
      kcp.put(parent, workspace("dev", { phase: "Ready" }, { deletionTimestamp: ago(119) }));
      kcp.put(dev, info(["account.core.platform-mesh.io/info"]));
      kcp.put(dev, account("qa", [complete("Ready", 600)]));
    }, "--delete");
    expect(out).toBe(`Account dev  being deleted for 2m
  finalizer ${mine} waits for Workspace dev
   └ AccountInfo finalizer account.core.platform-mesh.io/info: 1 Account still exists: qa
      └ qa: Ready  (pm why --delete ${dev}:qa)
  finalizer example.com/audit belongs to another component: only that one may remove it
next: pm account delete ${dev}:qa
`);
  });

  test("kcp's own words about what is left in the workspace, and other people's finalizers", async () => {
    const out = await why((kcp) => {
      kcp.put(parent, account("dev", [], going([mine])));
      const left = {
        type: "WorkspaceContentDeleted",
        status: "False",
        message: "Some resources are remaining: databases has 1 resource instances",
      };
      kcp.put(parent, workspace("dev", { phase: "Ready", conditions: [left] }, { deletionTimestamp: ago(119) }));
      kcp.put(dev, info(["account.core.platform-mesh.io/info", "security.platform-mesh.io/accountinfo-finalizer"]));
    }, "--delete");
    expect(out).toContain(
      " └ AccountInfo finalizer security.platform-mesh.io/accountinfo-finalizer belongs to another component",
    );
    expect(out).toContain(" └ kcp: Some resources are remaining: databases has 1 resource instances");
    expect(out).toContain(`next: pm account wait ${dev} --for deleted`);
  });

  test("what a deletion would go through, while nobody has asked for it", async () => {
    const out = await why((kcp) => {
      kcp.put(parent, account("dev", [complete("Ready", 600)], { finalizers: [mine] }));
      kcp.put(parent, workspace("dev", { phase: "Ready" }));
    }, "--delete");
    expect(out).toContain("Account dev  is not being deleted; a deletion goes through:\n");
    expect(out).toContain(" └ Workspace dev is Ready: it is deleted with the Account\n");
    expect(out).toContain(`next: pm account delete ${dev}\n`);
  });

  test("nothing any more but our own functions", async () => {
    const out = await why((kcp) => kcp.put(parent, account("dev", [], going([mine]))), "--delete");
    expect(out).toContain(" └ the Workspace is gone: function remove-workspace releases the finalizer next\n");
  });
});

test("an account that is not there: the one that was probably meant", async () => {
  await using kcp = await KcpServer.start();
  kcp.put(parent, account("develop", []));
  const { err, code } = await runPm(["why", `${parent}:devellop`], { server: kcp.url });
  expect(code).toBe(1);
  expect(err).toContain(`error: there is no account ${parent}:devellop`);
  expect(err).toContain(`did you mean ${parent}:develop?`);
});

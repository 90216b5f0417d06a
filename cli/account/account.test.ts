import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { type Fixture, KcpServer } from "../../test/kcp-server.ts";
import { runPm } from "../../test/run-pm.ts";

const condition = (type: string, status = "True", reason = "Complete", message = "") => ({
  type,
  status,
  reason,
  message,
});
function account(name: string, conditions: readonly object[] = [condition("Ready")], type = "account"): Fixture {
  const metadata = { name, creationTimestamp: new Date().toISOString() };
  return {
    kind: "Account",
    metadata,
    spec: { type, displayName: name },
    status: { conditions, observedGeneration: 1 },
  };
}
const acme = "root:orgs:acme";

describe("create", () => {
  test("makes an org in root:orgs and an account elsewhere, unless told otherwise", async () => {
    await using kcp = await KcpServer.start();
    const created = await runPm(["account", "create", "acme"], { server: kcp.url });
    expect(created).toMatchObject({ code: 0, out: `${acme} created;  next: pm account wait ${acme}\n` });
    const { out } = await runPm(
      [
        "account",
        "create",
        "dev",
        "--parent",
        acme,
        "--display-name=Dev",
        "--description=d",
        "--creator=ann",
        "-o",
        "json",
      ],
      { server: kcp.url },
    );
    expect(JSON.parse(out).spec).toEqual({ type: "account", displayName: "Dev", description: "d", creator: "ann" });
    expect(JSON.parse((await runPm(["account", "get", acme, "-o", "json"], { server: kcp.url })).out).spec).toEqual({
      type: "org",
      displayName: "acme",
      // A policy, unlike the webhooks, fills nothing in.
      creator: "alice",
    });
  });

  test.each([
    [["1st"], 'organization name "1st" cannot become a workspace type: it must start with a letter'],
    [["ab"], "is too short"],
    [["a".repeat(56)], "is too long"],
    [["Acme"], "cannot become a workspace"],
    [["dev", "--type=account"], "an account lives inside an org"],
    [["dev", "--type=org", "-w", acme], "an org lives in root:orgs"],
    [["a.b", "-w", acme], "cannot become a workspace"],
  ])("%j is refused before kcp is asked: %s", async (argv, message) => {
    await using kcp = await KcpServer.start();
    const { code, err } = await runPm(["account", "create", ...argv], { server: kcp.url });
    expect(code).toBe(2);
    expect(err).toContain(message);
    expect(kcp.requests).toEqual([]);
  });

  test("--wait tells each stage with its time", async () => {
    await using kcp = await KcpServer.start();
    const running = runPm(["account", "create", "dev", "-w", acme, "--wait"], { server: kcp.url });
    await delay(30);
    const steps = [condition("WorkspaceTypeSubroutine"), condition("WorkspaceSubroutine")];
    kcp.put(acme, account("dev", steps));
    await delay(250);
    kcp.put(acme, account("dev", [...steps, condition("ManageAccountInfoSubroutine"), condition("Ready")]));
    const { code, out } = await running;
    expect(code).toBe(0);
    expect(out).toMatch(
      /^Declared \d\.\ds {2}Workspace \d\.\ds {2}AccountInfo \d\.\ds {2}Ready \d\.\ds {2}root:orgs:acme:dev\n$/,
    );
  });

  test("--wait ends with the reason when it fails", async () => {
    await using kcp = await KcpServer.start();
    const running = runPm(["account", "create", "dev", "-w", acme, "--wait"], { server: kcp.url });
    await delay(30);
    kcp.put(acme, account("dev", [condition("WorkspaceSubroutine", "False", "Error", "the name is taken")]));
    const { code, err } = await running;
    expect(code).toBe(1);
    expect(err).toContain(`error: account ${acme}:dev failed\n  why:   the name is taken\n  next:  pm why ${acme}:dev`);
  });

  test("--wait has an end, and says what it waited for", async () => {
    await using kcp = await KcpServer.start();
    const argv = ["account", "create", "dev", "-w", acme, "--wait", "--wait-timeout=50ms"];
    const { code, err } = await runPm(argv, { server: kcp.url });
    expect(code).toBe(1);
    expect(err).toContain(`account ${acme}:dev is not Ready after 0.05 s\n  why:   no function has looked at it yet`);
  });

  test("what exists already, and a workspace that is not there, are said", async () => {
    await using kcp = await KcpServer.start();
    kcp.put(acme, account("dev"));
    const again = await runPm(["account", "create", "dev", "-w", acme], { server: kcp.url });
    expect(again).toMatchObject({ code: 1, err: expect.stringContaining(`account ${acme}:dev exists already`) });
    kcp.deny(acme);
    const denied = await runPm(["account", "create", "dev", "-w", acme], { server: kcp.url });
    expect(denied.err).toContain(`account ${acme}:dev was refused`);
  });
});

describe("get", () => {
  test("one, all of a workspace, or none", async () => {
    await using kcp = await KcpServer.start();
    kcp.put(acme, account("dev"));
    kcp.put(acme, account("qa", [condition("Ready", "False", "Stopped")]));
    const { out } = await runPm(["account", "get", "-w", acme], { server: kcp.url });
    expect(out.split("\n")[0]).toMatch(/^NAME +TYPE +PHASE +READY +AGE +PATH +DISPLAY NAME$/);
    expect(out).toMatch(/dev +account +Ready +True +\S+ +root:orgs:acme:dev +dev\n/);
    expect(out).toMatch(/qa +account +Provisioning +False/);
    expect((await runPm(["account", "get", "-w", acme, "-o", "name"], { server: kcp.url })).out).toBe(
      `${acme}:dev\n${acme}:qa\n`,
    );
    expect((await runPm(["account", "get", `${acme}:dev`, "-o", "yaml"], { server: kcp.url })).out).toContain(
      "kind: Account\n",
    );
    expect(await runPm(["account", "get", `${acme}:x`], { server: kcp.url })).toMatchObject({ code: 1 });
  });
});

describe("wait", () => {
  test("until it is Ready, or gone", async () => {
    await using kcp = await KcpServer.start();
    kcp.put(acme, account("dev"));
    const ready = await runPm(["account", "wait", "dev", "-w", acme], { server: kcp.url });
    expect(ready).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^root:orgs:acme:dev is Ready after 0\.\ds\n$/),
    });
    const running = runPm(["account", "wait", "dev", "-w", acme, "--for=deleted"], { server: kcp.url });
    await delay(30);
    kcp.remove(acme, "Account", "dev");
    expect((await running).out).toContain("is gone after");
  });
});

describe("delete", () => {
  async function tree(): Promise<KcpServer> {
    const kcp = await KcpServer.start();
    kcp.put("root:orgs", account("acme", undefined, "org"));
    kcp.put(acme, account("team-a"));
    kcp.put(acme, account("team-b"));
    kcp.put(`${acme}:team-a`, account("dev"));
    return kcp;
  }
  const deleted = (kcp: KcpServer) =>
    kcp.requests.filter((request) => request.startsWith("DELETE")).map((request) => request.split("/").at(-1));

  test("shows the plan leaf-first, asks for the name, and tells when each is gone", async () => {
    await using kcp = await tree();
    const asked: string[] = [];
    const ask = async (question: string) => {
      asked.push(question);
      return "acme";
    };
    const { code, out, err } = await runPm(["account", "delete", acme, "--cascade"], { server: kcp.url, ask });
    expect(code).toBe(0);
    expect(asked).toEqual(['type the name "acme" to delete: ']);
    expect(err).toContain(`in this order:\n  ${acme}:team-a:dev\n  ${acme}:team-a\n  ${acme}:team-b\n  ${acme}\n`);
    const order = deleted(kcp);
    expect(new Set(order)).toEqual(new Set(["acme", "dev", "team-a", "team-b"]));
    expect(order.indexOf("dev")).toBeLessThan(order.indexOf("team-a"));
    expect(order.at(-1)).toBe("acme");
    expect(out.split("\n").filter((line) => line.startsWith("gone  "))).toHaveLength(4);
  });

  test.each([
    ["with accounts below it and no --cascade", ["delete", acme, "--yes"], undefined, 1, "holds 3 accounts"],
    ["when another name is typed", ["delete", `${acme}:team-b`], "team-a", 1, "nothing is deleted"],
    ["when nobody can answer", ["delete", `${acme}:team-b`], undefined, 2, "there is no terminal"],
    ["that is not there", ["delete", `${acme}:x`, "--yes"], undefined, 1, "there is no account"],
  ])("leaves an account alone %s", async (_, argv, answer, code, message) => {
    await using kcp = await tree();
    const result = await runPm(["account", ...argv], { server: kcp.url, ask: async () => answer });
    expect(result.code).toBe(code);
    expect(result.err).toContain(message);
    expect(deleted(kcp)).toEqual([]);
  });

  test("one whose workspace never was goes too; one whose content is hidden stays", async () => {
    await using kcp = await tree();
    kcp.put(acme, account("failed", [condition("WorkspaceSubroutine", "False", "Error", "no")]));
    for (const name of ["failed", "team-b"]) kcp.deny(`${acme}:${name}`);
    expect(await runPm(["account", "delete", `${acme}:failed`, "--yes"], { server: kcp.url })).toMatchObject({
      code: 0,
    });
    expect(await runPm(["account", "delete", `${acme}:team-b`, "--yes"], { server: kcp.url })).toMatchObject({
      code: 1,
    });
    expect(deleted(kcp)).toEqual(["failed"]);
  });

  test("--wait=false returns at once, with the next command", async () => {
    await using kcp = await tree();
    const { out } = await runPm(["account", "delete", `${acme}:team-b`, "--yes", "--wait=false"], { server: kcp.url });
    expect(out).toBe(`${acme}:team-b is being deleted;  next: pm account wait ${acme}:team-b --for deleted\n`);
  });
});

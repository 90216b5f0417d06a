import { expect, test } from "vitest";
import { accountEvent } from "../../eventing/bus/contract.ts";
import { KcpServer } from "../../test/kcp-server.ts";
import { runPm } from "../../test/run-pm.ts";
import { serveBus } from "../../test/served-bus.ts";

test("who may not look into the workspace, as the functions' own identity, still sees an account's events", async () => {
  await using kcp = await KcpServer.start();
  await using served = await serveBus();
  kcp.deny("root:orgs");
  const itself = { kind: "Account", name: "acme", kcppath: "root:orgs", accountkey: "1abc/acme" };
  await served.bus.publish(accountEvent("first", { accountkey: "1abc/acme" }));
  await served.bus.publish(accountEvent("second", itself));
  await served.bus.publish(accountEvent("other", { accountkey: "1abc/beta" }));
  const events = (server: string) =>
    runPm(["events", "root:orgs:acme", `--bus-socket=${served.socket}`, "-o", "json"], { server });
  const { code, out, err } = await events(kcp.url);
  expect(code, err).toBe(0);
  expect(out).toContain("first");
  expect(out).toContain("second");
  expect(out).not.toContain("other");
  // Nor does it need a kcp that answers.
  expect(await events("http://127.0.0.1:1")).toEqual({ code, out, err });
});

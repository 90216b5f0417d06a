import { afterAll, beforeAll, expect, test } from "vitest";
import { findCondition } from "../../shared/conditions.ts";
import { BareKcp, eventually } from "../../test/bare-kcp.ts";
import { type Ran, runPm } from "../../test/run-pm.ts";

const orgs = "root:orgs";

let bare: BareKcp;
beforeAll(async () => {
  bare = await BareKcp.start();
  expect(await bare.bootstrap()).toMatchObject({ code: 0 });
  const kubeconfig = `--kubeconfig=${bare.kcp.adminKubeconfig}`;
  const created = () => runPm(["account", "create", "acme", kubeconfig]);
  expect(await eventually(created, ({ code }) => code === 0)).toMatchObject({ code: 0 });
});
afterAll(() => bare?.stop());

/** With the rights of the functions, and no more. */
const invoke = (name: string, ...more: readonly string[]) =>
  runPm(["invoke", name, "--account=acme", `--kubeconfig=${bare.operatorFile}`, ...more]);
const account = () => bare.admin.get("Account", orgs, "acme");
const workspace = () => bare.admin.get("Workspace", orgs, "acme");
const ran = ({ code }: Ran) => code === 0;

test("with pm invoke alone an org is walked through its chain, a function at a time", async () => {
  const dry = await eventually(() => invoke("create-workspace", "--dry-run"), ran);
  expect(dry).toMatchObject({ code: 0 });
  expect(dry.out).toContain("create  WorkspaceType acme-org in root:orgs");
  expect((await account())?.metadata.finalizers).toBeUndefined();

  const built = async () => {
    await invoke("create-workspace");
    return workspace();
  };
  expect(await eventually(built, (found) => found !== undefined)).toBeDefined();

  const informed = async () => {
    await invoke("manage-accountinfo");
    const cluster = (await workspace())?.spec?.cluster;
    return cluster === undefined ? undefined : bare.admin.get("AccountInfo", cluster, "account").catch(() => undefined);
  };
  const info = await eventually(informed, (found) => found !== undefined);
  expect(info?.spec.account).toMatchObject({ name: "acme", path: "root:orgs:acme" });

  const readied = async () => {
    await invoke("workspace-ready");
    const found = await account();
    return found && findCondition(found, "Ready");
  };
  expect(await eventually(readied, (ready) => ready?.status === "True")).toMatchObject({ status: "True" });
  const again = await invoke("workspace-ready", "--output=json");
  expect(JSON.parse(again.out)).toMatchObject({ result: { kind: "done" }, writes: [] });
});

import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Claim, claimAny } from "./claim.ts";
import { embeddedBackend } from "./embedded-backend.ts";
import { obtain } from "./obtain.ts";
import { root, stateFolder } from "./paths.ts";
import { type Stack, startStack } from "./stack.ts";

const run = promisify(execFile);
const cleanup = new AsyncDisposableStack();
let state: Claim;
let stack: Stack;
let program: string;

beforeAll(async () => {
  state = await claimAny(join(stateFolder, "test"));
  [stack, program] = await Promise.all([
    startStack(embeddedBackend(undefined), { folder: state.folder, cleanup }),
    obtain("kubectl"),
  ]);
});
afterAll(async () => {
  await cleanup.disposeAsync();
  await state.release();
});

async function kubectl(...args: readonly string[]): Promise<string> {
  const { stdout } = await run(program, [`--kubeconfig=${stack.kubeconfig}`, ...args], { cwd: root });
  return stdout;
}

test("kubectl makes an org on the embedded control plane, waits for it, and shows it with its columns", async () => {
  expect(await kubectl("apply", "-f", "examples/acme.yaml")).toBe("account.core.platform-mesh.io/acme created\n");
  expect(await kubectl("wait", "--for=condition=Ready", "--timeout=30s", "account/acme")).toContain("condition met");
  expect(await kubectl("get", "accounts")).toMatch(/^NAME .*TYPE.*\nacme +.*org/);
  expect(await kubectl("get", "workspaces")).toMatch(/acme +acme-org +Ready/);
  expect(await kubectl("apply", "-f", "examples/acme.yaml")).toContain("acme unchanged");
});

test("kubectl explains Accounts and describes one", async () => {
  expect(await kubectl("explain", "account.spec")).toMatch(/displayName\s+<string> -required-/);
  expect(await kubectl("describe", "account", "acme")).toMatch(/Phase: +Ready\n/);
});

test("kubectl edits, and deletes with all that was made", async () => {
  await kubectl("patch", "account", "acme", "--type=merge", '--patch={"spec":{"displayName":"New"}}');
  expect(await kubectl("get", "account", "acme", "-o=jsonpath={.spec.displayName}")).toBe("New");
  expect(await kubectl("delete", "account", "acme", "--timeout=30s")).toContain('"acme" deleted');
  expect(await kubectl("get", "workspaces,workspacetypes", "-o=name")).not.toContain("acme");
});

test("pm reads the events by what make up tells to export", async () => {
  const [name = "", value = ""] = stack.busEnv.split("=");
  const env = { ...process.env, [name]: value, KUBECONFIG: stack.kubeconfig };
  const { stdout } = await run(join(root, "bin", "pm"), ["events", "root:orgs:acme"], { env });
  expect(stdout).toMatch(/ready +by workspace-ready/);
});

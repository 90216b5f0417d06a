import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { kinds } from "../../shared/kcp/kinds.ts";
import type { Account } from "../../shared/kcp/objects.ts";
import { BareKcp, eventually } from "../../test/bare-kcp.ts";
import { HttpProcess } from "../../test/runtimes/http-process.ts";
import { type ScriptedServer, scriptedServer } from "../../test/scripted-server.ts";
import { root } from "../../tools/paths.ts";

let bare: BareKcp;
let posted: ScriptedServer;
let served: HttpProcess;
beforeAll(async () => {
  bare = await BareKcp.start();
  expect((await bare.bootstrap("--admission=none")).code).toBe(0);
  posted = await scriptedServer((_, response) => void response.writeHead(202).end());
  const program = { command: join(root, "bin", "pm"), args: ["serve"] };
  served = await HttpProcess.start(program, "pm-serve", {
    kubeconfig: bare.operatorFile,
    sinkUrl: posted.url,
    schedulerUrl: posted.url,
    folder: bare.folder,
  });
});
afterAll(async () => {
  await served?.terminate();
  await posted?.[Symbol.asyncDispose]();
  await bare?.stop();
});

const orgs = "root:orgs";
const account = () => bare.admin.read<Account>(kinds.Account, { cluster: orgs, name: "acme" });
const invoke = (fn: string, ...more: readonly string[]) =>
  bare.pm("invoke", fn, "--account=acme", `--url=${served.url}/${fn}`, `--kubeconfig=${bare.operatorFile}`, ...more);

/** Hands the event of the account as it is to a function, until that has nothing to wait for. */
const until = (fn: string, words: string) =>
  eventually(
    () => invoke(fn),
    ({ out }) => out.includes(words),
  );

test("functions that are only served make an account Ready, asked with pm invoke --url", async () => {
  await bare.admin.create<Account>(kinds.Account, orgs, {
    apiVersion: "core.platform-mesh.io/v1alpha1",
    kind: "Account",
    metadata: { name: "acme" },
    spec: { type: "org", displayName: "Acme" },
  });
  expect((await until("create-workspace", "workspace-created")).out).toMatch(/^200 {2}done {2}\d+ ms$/m);
  await eventually(
    () => bare.admin.get("Workspace", orgs, "acme"),
    (workspace) => workspace?.status?.phase === "Ready",
  );
  expect((await until("manage-accountinfo", "info-ready")).out).toContain("io.platform-mesh.account.info-ready");
  expect((await until("workspace-ready", "account.ready")).code).toBe(0);
  const ready = await eventually(account, (found) => found?.status?.phase === "Ready");
  expect(ready?.status?.phase).toBe("Ready");
});

test("what a function has nothing to do for is told with its reason", async () => {
  const { code, out } = await invoke("nudge-workspace", "--mode=binary");
  expect(code).toBe(0);
  expect(out).toMatch(/^204 {2}drop: the Workspace is a new one {2}\d+ ms$/m);
});

test("002-M: its metrics have the names of pm run", async () => {
  const text = await served.metrics();
  expect(text).toMatch(/^account_functions_events_handled_total\{function="create-workspace",outcome="done"\} [1-9]/m);
  expect(text).toMatch(/^account_operator_accounts_reconciled_total\{type="org",result="success"\} [1-9]/m);
  expect(text).toMatch(/^rest_client_requests_total\{code="201",method="POST"/m);
  expect(text).toMatch(/^account_operator_build_info\{version="/m);
});

test("SIGTERM ends it well", async () => {
  expect(await served.terminate()).toBe(0);
  const log = await readFile(join(bare.folder, "pm-serve.log"), "utf8");
  expect(log.trimEnd().split("\n").at(-1)).toContain('"msg":"stopped"');
});

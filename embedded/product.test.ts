import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Io } from "../cli/command.ts";
import { main } from "../cli/main.ts";
import { apiVersionOf, kinds } from "../shared/kcp/kinds.ts";
import { loadKubeconfig } from "../shared/kcp/kubeconfig.ts";
import type { Account } from "../shared/kcp/objects.ts";
import { type Client, createClient } from "../shared/kcp/rest.ts";
import { createEmbedded, type Embedded } from "./embedded.ts";
import { soon } from "./test-client.ts";

let folder: string;
let server: Embedded;
let admin: Client;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "embedded-"));
  const users = [{ token: "operator", name: "account-functions", groups: ["platform-mesh-operators"] }];
  server = await createEmbedded({ users });
  await writeFile(join(folder, "admin"), server.kubeconfig());
  await writeFile(join(folder, "token"), "operator");
  admin = createClient({ config: await loadKubeconfig({ file: join(folder, "admin"), context: "base" }) });
});
afterAll(async () => {
  admin.close();
  await server.close();
  await rm(folder, { recursive: true });
});

function io(signal: AbortSignal): Io & { readonly said: string[] } {
  const said: string[] = [];
  const sink = { write: (text: string) => said.push(text) };
  const rest = { env: {}, isTTY: false, color: false, now: Date.now, ask: async () => undefined };
  return { ...rest, stdout: sink, stderr: sink, signal, said };
}

async function pm(...args: readonly string[]): Promise<string> {
  const session = io(new AbortController().signal);
  const code = await main(args, session);
  if (code !== 0) throw new Error(`pm ${args.join(" ")} ended with ${code}: ${session.said.join("")}`);
  return session.said.join("");
}

const accountType = { apiVersion: apiVersionOf(kinds.Account), kind: "Account" };
const tree = [
  ["acme", "root:orgs"],
  ["dev", "root:orgs:acme"],
  ["stage", "root:orgs:acme:dev"],
] as const;

test("pm bootstrap, pm doctor and pm run make a tree of accounts Ready, and take it down again", async () => {
  const file = (name: string) => join(folder, name);
  const asAdmin = `--kubeconfig=${file("admin")}`;
  await pm("bootstrap", asAdmin, `--operator-token-file=${file("token")}`, `--operator-kubeconfig=${file("operator")}`);
  expect(await pm("doctor", `--kubeconfig=${file("operator")}`, `--admin-kubeconfig=${file("admin")}`)).toContain(
    "FAIL 0",
  );

  const running = new AbortController();
  const ports = ["--metrics-bind-address=0", "--health-probe-bind-address=0"];
  const ended = main(["run", `--kubeconfig=${file("operator")}`, "--bus=memory", ...ports], io(running.signal));
  for (const [name, parent] of tree) {
    const spec = { displayName: name, type: parent === "root:orgs" ? "org" : "account" };
    const account = { ...accountType, metadata: { name }, spec };
    await soon(() => admin.create<Account>(kinds.Account, parent, account).catch(() => undefined));
    await soon(async () => {
      const found = await admin.get("Account", parent, name);
      return found?.status?.phase === "Ready" || undefined;
    });
  }
  expect(await pm("tree", asAdmin)).toContain("3 accounts, all ready");
  await pm("account", "delete", "root:orgs:acme", asAdmin, "--cascade", "--yes");
  expect(await pm("tree", asAdmin)).toContain("no accounts yet");
  running.abort();
  expect(await ended).toBe(0);
});

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Io } from "../cli/command.ts";
import { main } from "../cli/main.ts";
import { createEmbedded, type Embedded } from "./embedded.ts";

let folder: string;
let server: Embedded;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "embedded-"));
  const users = [{ token: "operator", name: "account-functions", groups: ["platform-mesh-operators"] }];
  server = await createEmbedded({ users });
  await writeFile(join(folder, "admin"), server.kubeconfig());
  await writeFile(join(folder, "token"), "operator");
});
afterAll(async () => {
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
  const create = (name: string, parent: string) =>
    pm("account", "create", name, `--parent=${parent}`, "--wait", asAdmin);
  await create("acme", "root:orgs");
  await create("dev", "root:orgs:acme");
  await create("stage", "root:orgs:acme:dev");
  expect(await pm("tree", asAdmin)).toContain("3 accounts, all ready");
  await pm("account", "delete", "root:orgs:acme", asAdmin, "--cascade", "--yes");
  expect(await pm("tree", asAdmin)).toContain("no accounts yet");
  running.abort();
  expect(await ended).toBe(0);
});

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Namespace, nodeAddress } from "./namespace.ts";

const folders: string[] = [];
async function emptyFolder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), "namespace-test-"));
  folders.push(made);
  return made;
}

let folder: string;
beforeEach(async () => {
  folder = await emptyFolder();
});
afterEach(async () => {
  for (const made of folders.splice(0)) await rm(made, { recursive: true, force: true });
});

/** Control groups of nodes of a process. */
async function cgroupsOf(pid: number): Promise<readonly string[]> {
  const all = await readdir("/sys/fs/cgroup", { recursive: true }).catch(() => []);
  return all.filter((path) => new RegExp(`account-functions-${pid}-\\d+$`).test(path));
}

/** Processes whose command line holds the text. */
async function processesWith(text: string): Promise<readonly string[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")));
  return lines.filter((line) => line.includes(text));
}

const sysctl = () => readFile("/proc/sys/vm/overcommit_memory", "utf8");

test("what runs inside has networks, processes, control groups and settings of its own, and leaves nothing", async () => {
  const before = await sysctl();
  const cleanup = new AsyncDisposableStack();
  const place = await Namespace.start({ folder, cleanup, isNode: true });
  expect(await place.exec("ip", ["-brief", "address", "show", "eth0"])).toContain(`${nodeAddress}/24`);
  expect(await place.exec("cat", ["/proc/1/comm"])).toBe("sh");
  expect(await place.exec("cat", ["/proc/self/cgroup"])).toMatch(/^\d+:memory:\/$/m);
  await place.exec("sh", ["-c", "echo 2 >/proc/sys/vm/overcommit_memory; touch /var/lib/trace"]);
  expect(await sysctl()).toBe(before);
  expect(await cgroupsOf(process.pid)).not.toEqual([]);
  // Left running on purpose.
  await place.exec("sh", ["-c", `sleep 1000 ${folder} & :`]).catch(() => undefined);
  await cleanup.disposeAsync();
  expect(await processesWith(folder)).toEqual([]);
  expect(await cgroupsOf(process.pid)).toEqual([]);
});

test("ends with the process that started it, even when that is killed; the next one removes what is left", async () => {
  const starter = await startElsewhere();
  expect(await processesWith(folder)).not.toEqual([]);
  starter.kill("SIGKILL");
  await expect.poll(() => processesWith(`${folder}/`), { timeout: 20_000 }).toEqual([]);
  const cleanup = new AsyncDisposableStack();
  await Namespace.start({ folder: await emptyFolder(), cleanup, isNode: true });
  await cleanup.disposeAsync();
  expect(await cgroupsOf(starter.pid ?? 0)).toEqual([]);
});

/** In a process of its own. */
async function startElsewhere(): Promise<ChildProcess> {
  const script = join(folder, "start.ts");
  await writeFile(
    script,
    `import { Namespace } from ${JSON.stringify(join(import.meta.dirname, "namespace.ts"))};
await Namespace.start({ folder: ${JSON.stringify(folder)}, cleanup: new AsyncDisposableStack(), isNode: true });
process.send("ready");
setInterval(() => undefined, 1000);
`,
  );
  const starter = fork(script, { execArgv: [], stdio: "inherit" });
  await once(starter, "message");
  return starter;
}

import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { say } from "../progress.ts";
import { basePackages, suite } from "./base-packages.ts";
import { lockFile, type Pin, readPins } from "./debian.ts";

const run = promisify(execFile);

/** Pins each package to the newest version of the suite that this machine's apt knows, and says what changed. */
async function movePins(): Promise<void> {
  const before = new Map((await readPins().catch(() => [])).map((pin) => [pin.name, pin]));
  const pins: Pin[] = [];
  for (const { name } of basePackages) {
    const pin = await newest(name);
    const old = before.get(name)?.version ?? "new";
    say(`  ${name.padEnd(16)} ${old === pin.version ? pin.version : `${old} → ${pin.version}`}`);
    pins.push(pin);
  }
  await writeFile(lockFile, `${JSON.stringify(pins, null, 2)}\n`);
}

async function newest(name: string): Promise<Pin> {
  const versions = (await apt("madison", name))
    .split("\n")
    .map((line) => line.split("|").map((cell) => cell.trim()))
    .filter(([, , origin = ""]) => new RegExp(` ${suite}(-security|-updates)?/main `).test(origin))
    .map(([, version = ""]) => version);
  let best = versions[0];
  if (!best) {
    throw new Error(
      `apt knows no ${name} of Debian ${suite}. On a machine of that suite: apt-get update, then this again.`,
    );
  }
  for (const version of versions) if (await isNewer(version, best)) best = version;
  const record = await apt("show", `${name}=${best}`);
  const field = (key: string) => new RegExp(`^${key}: (.+)$`, "m").exec(record)?.[1] ?? "";
  const architecture = field("Architecture") === "all" ? "all" : "amd64";
  return { name, version: best, architecture, size: Number(field("Size")), sha256: field("SHA256") };
}

const apt = async (...args: readonly string[]) =>
  (await run("apt-cache", args, { env: { ...process.env, LC_ALL: "C" } })).stdout;

const isNewer = (version: string, than: string) =>
  run("dpkg", ["--compare-versions", version, "gt", than]).then(
    () => true,
    () => false,
  );

if (import.meta.main) {
  try {
    await movePins();
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}

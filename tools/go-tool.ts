import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Artefact } from "./cache.ts";
import { withProgress } from "./progress.ts";
import { runCommand } from "./run-command.ts";

/** A server that is built from source with Go, pinned and checksummed by its own go.mod and go.sum. */
export interface GoTool {
  readonly name: string;
  /** Module whose version is the server's. */
  readonly module: string;
  /** Main package. */
  readonly package: string;
  /** How long a build without Go's own cache takes on two cores. */
  readonly coldBuild: string;
}

export function goArtefact(tool: GoTool): Artefact {
  const folder = join(import.meta.dirname, tool.name);
  const goMod = readFileSync(join(folder, "go.mod"), "utf8");
  const pins = createHash("sha256")
    .update(goMod)
    .update(readFileSync(join(folder, "go.sum")));
  const version = match(goMod, new RegExp(`${tool.module} (v\\S+)`));
  return {
    name: tool.name,
    key: [version, pins.digest("hex").slice(0, 12), process.platform, process.arch].join("-"),
    async make({ file }) {
      await requireGo(tool.name, folder, match(goMod, /^go (\S+)$/m));
      await build(`building ${tool.name} ${version} (once; ${tool.coldBuild} on two cores)`, tool, folder, file);
    },
  };
}

/** Go's own output is the best sign of life: each module as it is fetched, each package as it is compiled. */
async function build(what: string, tool: GoTool, cwd: string, file: string): Promise<void> {
  let compiled = 0;
  let last = "linking what Go has compiled before";
  const onLine = (line: string) => {
    if (line.startsWith("go: ")) last = line.slice(4);
    else last = `${++compiled} packages compiled`;
  };
  // -mod=readonly: nothing but what go.sum names is used, whatever GOFLAGS says.
  const args = ["build", "-mod=readonly", "-v", "-o", file, tool.package];
  await withProgress(
    what,
    () => runCommand("go", args, { cwd, onLine }),
    () => last,
  );
}

async function requireGo(name: string, cwd: string, needed: string): Promise<void> {
  const advice = `Install Go ${needed} or newer (https://go.dev/dl/) so that \`go\` is on PATH, then run this again.`;
  let found: string;
  try {
    found = (await runCommand("go", ["env", "GOVERSION"], { cwd })).trim().replace(/^go/, "");
  } catch (cause) {
    throw new Error(`${name} is built with Go, which is missing or too old. ${advice}\n${message(cause)}`, { cause });
  }
  if (isOlder(found, needed)) throw new Error(`${name} is built with Go ${needed}; found ${found}. ${advice}`);
}

/** Compares dotted numbers; a suffix such as `rc1` is ignored. */
function isOlder(found: string, needed: string): boolean {
  const parse = (version: string) => version.split(".").map((part) => Number.parseInt(part, 10) || 0);
  const [a, b] = [parse(found), parse(needed)];
  const at = b.findIndex((part, i) => part !== (a[i] ?? 0));
  return at >= 0 && (a[at] ?? 0) < (b[at] ?? 0);
}

function match(text: string, pattern: RegExp): string {
  const found = pattern.exec(text)?.[1];
  if (!found) throw new Error(`go.mod has nothing that matches ${pattern}`);
  return found;
}

function message(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

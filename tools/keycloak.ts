import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { copyFile, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import type { Artefact } from "./cache.ts";
import { withProgress } from "./progress.ts";
import { runCommand } from "./run-command.ts";

const source = join(import.meta.dirname, "keycloak");
const launcher = join(source, "keycloak.sh");
const java = 17;
/** Pinned, so that fetching does not depend on the version that a Maven happens to bring. */
const plugin = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1";

/** Keycloak from its Maven artifact, pinned and checksummed, built once for the database and the cache that we start it
 *  with. The program takes Keycloak's own arguments and keeps its data in the folder KEYCLOAK_HOME. */
export function keycloakArtefact(): Artefact {
  const pin = readFileSync(join(source, "keycloak-quarkus-dist.sha256"), "utf8").trim();
  const [, sum = "", version = ""] = /^(\S+) {2}keycloak-quarkus-dist-(\S+)\.zip$/.exec(pin) ?? [];
  const made = createHash("sha256").update(pin).update(readFileSync(launcher)).digest("hex").slice(0, 12);
  return {
    name: "keycloak",
    key: `v${version}-${made}`,
    beside: ["dist"],
    async make({ file, folder }) {
      await requireJava();
      await fetchInto(folder, { version, sum });
      const unpacked = join(folder, `keycloak-${version}`);
      await withProgress(`building Keycloak ${version} (once; about 30 s on two cores)`, () =>
        runCommand("sh", [join(unpacked, "bin", "kc.sh"), "build", "--db=dev-file"], { env: withoutKeycloak() }),
      );
      await rename(unpacked, join(folder, "dist"));
      await copyFile(launcher, file);
    },
  };
}

/** This process's environment without settings that are meant for another Keycloak. */
export function withoutKeycloak(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(KC_|KEYCLOAK_|JAVA_OPTS)/.test(name)));
}

async function fetchInto(folder: string, { version, sum }: { version: string; sum: string }): Promise<void> {
  const args = [
    "--batch-mode",
    "--quiet",
    `${plugin}:copy`,
    `${plugin}:unpack`,
    `-Dartifact=org.keycloak:keycloak-quarkus-dist:${version}:zip`,
    `-DoutputDirectory=${folder}`,
  ];
  await withProgress(`fetching Keycloak ${version} with Maven (177 MB)`, () => maven(args, folder));
  const zip = await readFile(join(folder, `keycloak-quarkus-dist-${version}.zip`));
  const found = createHash("sha256").update(zip).digest("hex");
  if (found !== sum) {
    throw new Error(
      `Keycloak ${version} as Maven fetched it is not the one that is pinned: sha256 ${found}, wanted ${sum} (tools/keycloak). Remove it from Maven's local repository and try again.`,
    );
  }
}

async function maven(args: readonly string[], cwd: string): Promise<void> {
  try {
    await runCommand("mvn", args, { cwd });
  } catch (cause) {
    const advice = "Install Maven so that `mvn` is on PATH (Debian: apt-get install maven) and run `make tools` again.";
    throw new Error(`Keycloak could not be fetched. ${advice}\n${message(cause)}`, { cause });
  }
}

async function requireJava(): Promise<void> {
  const command = process.env.JAVA_HOME ? join(process.env.JAVA_HOME, "bin", "java") : "java";
  const advice = `Keycloak needs Java ${java} or newer. Install it (Debian: apt-get install default-jre-headless) so that \`java\` is on PATH or JAVA_HOME names it, then run \`make tools\` again.`;
  let printed: string;
  try {
    printed = await runCommand(command, ["-version"]);
  } catch (cause) {
    throw new Error(`${advice}\n${message(cause)}`, { cause });
  }
  const found = Number(/version "(\d+)/.exec(printed)?.[1]);
  if (!(found >= java)) throw new Error(`${advice} Found: ${printed.split("\n")[0]}`);
}

function message(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

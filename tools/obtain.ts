import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { alreadyCached, cached } from "./cache.ts";
import { type GoTool, goArtefact } from "./go-tool.ts";
import { keycloakArtefact } from "./keycloak.ts";
import { kubectlArtefact } from "./kubectl.ts";
import { say } from "./progress.ts";

const goTools = {
  kcp: {
    name: "kcp",
    module: "github.com/kcp-dev/kcp",
    package: "github.com/kcp-dev/kcp/cmd/kcp",
    coldBuild: "about 5 min",
  },
  "nats-server": {
    name: "nats-server",
    module: "github.com/nats-io/nats-server/v2",
    package: "github.com/nats-io/nats-server/v2",
    coldBuild: "about 40 s",
  },
  openfga: {
    name: "openfga",
    module: "github.com/openfga/openfga",
    package: "github.com/openfga/openfga/cmd/openfga",
    coldBuild: "about 3 min",
  },
  registry: {
    name: "registry",
    module: "github.com/distribution/distribution/v3",
    package: "github.com/distribution/distribution/v3/cmd/registry",
    coldBuild: "about 1 min",
  },
  crane: {
    name: "crane",
    module: "github.com/google/go-containerregistry",
    package: "github.com/google/go-containerregistry/cmd/crane",
    coldBuild: "about 20 s",
  },
} as const satisfies Record<string, GoTool>;

export const toolNames = ["kcp", "nats-server", "openfga", "registry", "crane", "keycloak", "kubectl"] as const;
export type ToolName = (typeof toolNames)[number];

/** Path of the program; builds or fetches it into the shared cache when it is not there yet. */
export async function obtain(name: ToolName): Promise<string> {
  if (name === "kubectl") return (await onPath("kubectl")) ?? cached(kubectlArtefact());
  if (name === "keycloak") return cached(keycloakArtefact());
  return cached(goArtefact(goTools[name]));
}

/** Path of the kubectl that this machine has, on PATH or in the shared cache. */
export async function presentKubectl(): Promise<string | undefined> {
  return (await onPath("kubectl")) ?? alreadyCached(kubectlArtefact());
}

async function onPath(program: string): Promise<string | undefined> {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    const file = join(folder, program);
    const usable = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (folder && usable) return file;
  }
  return undefined;
}

if (import.meta.main) {
  try {
    // One after the other: each build uses all cores by itself.
    for (const name of toolNames) say(`  ${name.padEnd(12)} ${await obtain(name)}`);
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}

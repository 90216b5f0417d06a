import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { type Artefact, cached } from "../cache.ts";
import { withProgress } from "../progress.ts";
import { runCommand } from "../run-command.ts";

/** Go modules that publish definitions of kinds that the chart uses, with the checksums that they have. */
const modules = [
  {
    module: "github.com/cert-manager/cert-manager@v1.19.2",
    sum: "h1:jSprN1h5pgNDSl7HClAmIzXuTxic/5FXJ32kbQHqjlM=",
    files: ["deploy/crds/cert-manager.io_certificates.yaml", "deploy/crds/cert-manager.io_issuers.yaml"],
  },
  {
    module: "github.com/prometheus-operator/prometheus-operator@v0.85.0",
    sum: "h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=",
    files: ["podmonitors", "prometheusrules", "servicemonitors"].map(
      (kind) => `example/prometheus-operator-crd/monitoring.coreos.com_${kind}.yaml`,
    ),
  },
] as const;

/** A YAML file with the definitions of cert-manager's and the Prometheus operator's kinds, as they publish them. */
export const foreignCrds = (): Promise<string> => cached(artefact);

const downloaded = z.looseObject({ Dir: z.string(), Sum: z.string() });

const artefact: Artefact = {
  name: "chart-crds.yaml",
  key: createHash("sha256").update(JSON.stringify(modules)).digest("hex").slice(0, 12),
  async make({ file, folder }) {
    const parts: string[] = [];
    for (const { module, sum, files } of modules) {
      // Not in a module of ours, whose whole graph Go would want to know.
      const download = () => runCommand("go", ["mod", "download", "-json", module], { cwd: folder });
      const answer = await withProgress(`fetching ${module} (once)`, download);
      const { Dir, Sum } = downloaded.parse(JSON.parse(answer));
      if (Sum !== sum) throw new Error(`${module} has the checksum ${Sum}, and not ${sum}: it is another than it was`);
      for (const path of files) parts.push(await readFile(join(Dir, path), "utf8"));
    }
    await writeFile(file, parts.join("\n---\n"));
  },
};

import type { Io } from "../command.ts";
import { toYaml } from "../yaml.ts";

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

/** Prints objects so that kubectl apply takes them: YAML documents, or one list in JSON. */
export function printManifests(io: Pick<Io, "stdout">, format: string, objects: readonly Manifest[]): void {
  if (format === "name")
    io.stdout.write(objects.map(({ kind, metadata }) => `${kind.toLowerCase()}/${metadata.name}\n`).join(""));
  else if (format === "json") {
    io.stdout.write(`${JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }, null, 2)}\n`);
  } else io.stdout.write(objects.map((object) => `---\n${toYaml(object)}`).join(""));
}

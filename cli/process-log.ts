import type { RunConfig } from "../eventing/run-config.ts";
import { createLog } from "../shared/log.ts";
import type { Io } from "./command.ts";

/** The log of a process, with what is said of every process on each line. */
export function logOf({ log, attributes }: Pick<RunConfig, "log" | "attributes">, { stdout }: Pick<Io, "stdout">) {
  const { environment, region, isLocal, imageName, imageTag } = attributes;
  const said = { environment, region, is_local: isLocal, image_name: imageName, image_tag: imageTag };
  return createLog({ ...log, attributes: said, out: stdout });
}

import { z } from "zod";
import type { RunConfig } from "../../eventing/run-config.ts";
import type { GlobalOptions, Options, Values } from "../command.ts";

/** Where the API export of the product is, for every process that works through it. */
export const exportFlags = {
  "kcp-api-export-endpoint-slice-name": {
    type: "string",
    default: "core.platform-mesh.io",
    description: "APIExportEndpointSlice that names the virtual workspaces",
  },
  "kcp-provider-workspace": {
    type: "string",
    default: "root",
    description: "workspace of that slice; with root it is the kubeconfig's own",
  },
} as const satisfies Options;

export const exportShape = {
  "kcp-api-export-endpoint-slice-name": z.string().min(1, "a name is needed"),
  "kcp-provider-workspace": z
    .string()
    .regex(/^[a-z0-9][a-z0-9:-]*$/, "not a workspace path, as root:platform-mesh-system"),
};
const shape = z.object(exportShape);

export function exportOf(checked: z.output<typeof shape>): Pick<RunConfig["source"], "endpointSlice" | "workspace"> {
  const workspace = checked["kcp-provider-workspace"];
  return {
    endpointSlice: checked["kcp-api-export-endpoint-slice-name"],
    // The reference's default never took effect: the kubeconfig's own workspace was used.
    ...(workspace !== "root" && { workspace }),
  };
}

export function kcpOf({
  kubeconfig: file,
  context,
  timeout,
}: Values<GlobalOptions>): Pick<RunConfig, "kubeconfig" | "requestTimeout"> {
  return { kubeconfig: { ...(file && { file }), ...(context && { context }) }, requestTimeout: timeout };
}

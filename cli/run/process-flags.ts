import { z } from "zod";
import type { RunConfig } from "../../eventing/run-config.ts";
import type { Options, Values } from "../command.ts";
import { address } from "./checked.ts";

/** What every process of the product says of itself, and how. */
export const processFlags = {
  environment: { type: "string", default: "", description: "environment, in logs and traces" },
  region: { type: "string", default: "local", description: "region, in logs and traces" },
  "is-local": { type: "boolean", description: "a run on a developer's machine, in logs and traces" },
  "image-name": { type: "string", default: "", description: "image name, in logs and metrics" },
  "image-tag": { type: "string", default: "", description: "image tag, in logs and metrics" },
  "log-level": {
    type: "string",
    default: "info",
    choices: ["trace", "debug", "info", "warn", "error"],
    description: "least level that is logged",
  },
  "no-json": { type: "boolean", description: "log for people instead of JSON" },
  "metrics-bind-address": { type: "string", default: ":9090", description: "address of /metrics; 0 switches it off" },
  "metrics-secure": { type: "boolean", description: "serve /metrics over HTTPS" },
  "enable-http2": { type: "boolean", default: true, description: "HTTP/2 on HTTPS servers" },
} as const satisfies Options;

export const healthFlags = {
  "health-probe-bind-address": {
    type: "string",
    default: ":8090",
    description: "address of /healthz and /readyz; 0 switches them off",
  },
} as const satisfies Options;
export const healthShape = { "health-probe-bind-address": address };

export const processShape = { "metrics-bind-address": address };
const shape = z.object(processShape);

export function processOf(
  flags: Values<typeof processFlags>,
  checked: z.output<typeof shape>,
): Pick<RunConfig, "attributes" | "log" | "metrics"> {
  return {
    attributes: {
      environment: flags.environment,
      region: flags.region,
      isLocal: flags["is-local"],
      // The reference's chart passes quotes as part of the name.
      imageName: flags["image-name"].replaceAll('"', ""),
      imageTag: flags["image-tag"],
    },
    log: { level: flags["log-level"], json: !flags["no-json"] },
    metrics: {
      address: checked["metrics-bind-address"],
      secure: flags["metrics-secure"],
      http2: flags["enable-http2"],
    },
  };
}

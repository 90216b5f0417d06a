import type { Metrics } from "../shared/metrics.ts";
import type { Attributes } from "./run-config.ts";

/** Tells the metrics what runs here. */
export function describeBuild(metrics: Metrics, attributes: Attributes, version: string): void {
  const { imageName: image_name, imageTag: image_tag, environment, region } = attributes;
  metrics.buildInfo.set({ version, image_name, image_tag, environment, region }, 1);
}

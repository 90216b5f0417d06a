import type { Model } from "./fga.ts";

/** OpenFGA's defaults. */
export const longestModel = 256 * 1024;
export const mostTypes = 100;
/** From here on an operator should hear of it. */
const near = 0.9;

/** Why OpenFGA would not take the model for its size. */
export function limitProblem(model: Model): string | undefined {
  const types = model.type_definitions.length;
  if (types > mostTypes) return `the model would have ${types} types, OpenFGA takes ${mostTypes}`;
  const bytes = modelBytes(model);
  if (bytes > longestModel) return `the model would have about ${bytes} bytes, OpenFGA takes ${longestModel}`;
  return undefined;
}

export function limitWarnings(model: Model): readonly string[] {
  const types = model.type_definitions.length;
  const bytes = modelBytes(model);
  return [
    ...(types > near * mostTypes ? [`the model has ${types} types, OpenFGA takes ${mostTypes}`] : []),
    ...(bytes > near * longestModel ? [`the model has about ${bytes} bytes, OpenFGA takes ${longestModel}`] : []),
  ];
}

/** At least what the model takes as a message of OpenFGA's protocol, in which names of fields are numbers. */
export const modelBytes = (model: Model): number => bytesOf(model, false);

/** Fields that map names to values. */
const maps = ["relations", "conditions", "parameters"];

function bytesOf(value: unknown, isMap: boolean): number {
  if (typeof value === "string") return Buffer.byteLength(value) + 3;
  if (typeof value !== "object" || value === null) return 3;
  const parts = Object.entries(value).map(([key, part]) => {
    const name = isMap ? Buffer.byteLength(key) + 6 : 0;
    return name + bytesOf(part, !isMap && maps.includes(key));
  });
  return parts.reduce((sum, bytes) => sum + bytes, 4);
}

import { dump } from "js-yaml";

/** YAML in block style of what JSON can hold. */
export const toYaml = (value: unknown): string =>
  dump(JSON.parse(JSON.stringify(value ?? null)), { lineWidth: -1, noRefs: true });

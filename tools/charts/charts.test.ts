import { readFile } from "node:fs/promises";
import { load } from "js-yaml";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { createMetrics } from "../../shared/metrics.ts";
import { commentedValues } from "./commented-values.ts";
import { generatedFiles } from "./generate.ts";
import { valuesSchema } from "./values-schema.ts";

const root = new URL("../../", import.meta.url);
const charts = new URL("deploy/charts/", root);
const read = (path: string, base = charts) => readFile(new URL(path, base), "utf8");

const generated = await generatedFiles();

describe("tools/charts/generate.ts has made", () => {
  test.each([...generated])("%s", async (path, content) => {
    expect(await read(path)).toBe(content);
  });
});

test("the charts are of the product's version", async () => {
  const { version } = z.looseObject({ version: z.string() }).parse(JSON.parse(await read("package.json", root)));
  for (const name of ["account-functions", "account-functions-crds"]) {
    expect(load(await read(`${name}/Chart.yaml`))).toMatchObject({ name, version, appVersion: version });
  }
});

describe("values.yaml", () => {
  test("is read with its comments, by the place of each key", () => {
    const text = [
      "a:",
      "  # -- How many",
      '  # @schema {"minimum": 1}',
      "  b: 2",
      "  c:",
      "    # -- Which",
      "    d: x",
      "# -- All of it",
      "e:",
      "  f: 1",
      "",
    ].join("\n");
    expect(commentedValues(text)).toEqual([
      { path: ["a", "b"], description: "How many", default: 2, schema: { minimum: 1 } },
      { path: ["a", "c", "d"], description: "Which", default: "x", schema: {} },
      { path: ["e"], description: "All of it", default: { f: 1 }, schema: {} },
    ]);
  });

  test("must explain every value", () => {
    expect(() => commentedValues("a:\n  b: 2\n")).toThrow('values.yaml: a.b has no comment "# -- description"');
  });

  test("common.defaults are looked up by three more names", () => {
    const text = "common:\n  defaults:\n    log:\n      # -- Least level\n      level: warn\n";
    const level = { type: "string", description: "Least level", default: "warn" };
    const lookedUp = { type: ["string", "null"], description: "Least level" };
    expect(valuesSchema("t", commentedValues(text))).toMatchObject({
      properties: {
        log: { properties: { level: lookedUp, levelOverride: lookedUp } },
        global: { properties: { log: { properties: { level: lookedUp, levelOverride: lookedUp } } } },
        common: { properties: { defaults: { properties: { log: { properties: { level } } } } } },
      },
    });
  });
});

describe("monitoring", () => {
  const names = new Set(
    createMetrics()
      .registry.getMetricsAsArray()
      .map(({ name }) => name),
  );
  /** What Prometheus makes of a histogram, and what it knows by itself. */
  const isKnown = (name: string) => names.has(name.replace(/_(?:bucket|sum|count)$/, "")) || name === "up";
  const metricsIn = (text: string) => text.match(/\b(?:[a-z][a-z0-9]*_[a-z0-9_]+|up)(?=\{)/g) ?? [];

  test.each(["account-functions/templates/monitoring/rules.yaml", "account-functions/files/dashboard.json"])(
    "%s asks only for metrics that there are",
    async (path) => {
      const asked = metricsIn(await read(path));
      expect(asked.length).toBeGreaterThan(5);
      expect(asked.filter((name) => !isKnown(name))).toEqual([]);
    },
  );

  test("every alert leads to what to do", async () => {
    const alerts = [...(await read("account-functions/templates/monitoring/rules.yaml")).matchAll(/alert: (\w+)/g)];
    const rules = await read("account-functions/templates/monitoring/rules.yaml");
    const page = await read("docs/operations.md", root);
    expect(alerts.length).toBeGreaterThan(5);
    for (const [, alert = ""] of alerts) {
      expect(page).toContain(`### ${alert}\n`);
      expect(page).toContain(`| [${alert}](#${alert.toLowerCase()}) |`);
      expect(rules).toContain(`runbookUrl }}#${alert.toLowerCase()}\n`);
    }
  });

  test("the dashboard's panels lie side by side", async () => {
    const place = z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() });
    const { panels } = z
      .looseObject({ panels: z.array(z.looseObject({ title: z.string(), gridPos: place })) })
      .parse(JSON.parse(await read("account-functions/files/dashboard.json")));
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
  });
});

import { describe, expect, test } from "vitest";
import { defineCommand } from "./command.ts";
import { UsageError } from "./errors.ts";
import { parseCommandLine } from "./parse.ts";

const command = defineCommand({
  name: "try",
  summary: "",
  options: {
    "metrics-bind-address": { type: "string", default: ":9090", description: "" },
    follow: { type: "boolean", short: "f", description: "" },
    on: { type: "boolean", default: true, description: "" },
    port: { type: "number", default: 9443, description: "" },
    wait: { type: "duration", default: "1m", description: "" },
    types: { type: "string[]", description: "" },
    url: { type: "string", env: "TRY_URL", description: "" },
    format: { type: "string", choices: ["a", "b"], description: "" },
  },
  positionals: [
    { name: "PATH", description: "", required: true },
    { name: "MORE", description: "" },
  ],
  examples: [],
  run: async () => 0,
});
const parse = (...argv: string[]) => parseCommandLine(command, argv, {});
const options = (...argv: string[]) => parse("path", ...argv).options;

describe("values", () => {
  test("defaults are there without a flag", () => {
    expect(options()).toMatchObject({
      "metrics-bind-address": ":9090",
      follow: false,
      on: true,
      port: 9443,
      wait: 60_000,
      types: [],
      url: undefined,
      output: "table",
      timeout: 30_000,
    });
  });

  test.each([
    [["--metrics-bind-address=:1"], { "metrics-bind-address": ":1" }],
    [["--metrics-bind-address", ":1"], { "metrics-bind-address": ":1" }],
    [["--metrics-bind-address="], { "metrics-bind-address": "" }],
    [["--follow"], { follow: true }],
    [["-f"], { follow: true }],
    [["--on=false"], { on: false }],
    [["--on=0"], { on: false }],
    [["--on=TRUE"], { on: true }],
    [["--no-on"], { on: false }],
    [["--no-on", "--on"], { on: true }],
    [["--wait", "1m30s"], { wait: 90_000 }],
    [["--types=a,b", "--types", "c"], { types: ["a", "b", "c"] }],
    [["--types", " a , ,b"], { types: ["a", "b"] }],
    [["--port", "1", "--port=2"], { port: 2 }],
    [["-w", "root:orgs", "-ojson"], { workspace: "root:orgs", output: "json" }],
    [["-w=root:orgs", "-o=json"], { workspace: "root:orgs", output: "json" }],
  ])("%j", (argv, expected) => expect(options(...argv)).toMatchObject(expected));

  test("an environment variable stands in for an absent flag, and only then", () => {
    expect(parseCommandLine(command, ["path"], { TRY_URL: "env" }).options.url).toBe("env");
    expect(parseCommandLine(command, ["path", "--url=flag"], { TRY_URL: "env" }).options.url).toBe("flag");
    expect(parseCommandLine(command, ["path"], { TRY_URL: "" }).options.url).toBeUndefined();
  });

  test("of the last positional there may be many", () => {
    const many = { ...command, positionals: [{ name: "SEQ", description: "", many: true }] };
    expect(parseCommandLine(many, ["1", "2", "--follow", "3"], {}).positionals).toEqual(["1", "2", "3"]);
    expect(parseCommandLine(many, [], {}).positionals).toEqual([]);
  });

  test("what follows -- is no flag", () => {
    expect(parse("--", "--follow").positionals).toEqual(["--follow"]);
  });
});

describe("refusals", () => {
  test.each([
    [["path", "--metrics-bind-adress=:1"], "unknown flag --metrics-bind-adress; did you mean --metrics-bind-address?"],
    [["path", "--xyzxyzxyz"], "unknown flag --xyzxyzxyz"],
    [["path", "-x"], "unknown flag -x"],
    [["path", "--no-port"], "unknown flag --no-port"],
    [["path", "--no-on=true"], "unknown flag --no-on"],
    [["path", "--port=many"], '--port: "many" is not a whole number'],
    [["path", "--port=-1"], '--port: "-1" is not a whole number'],
    [["path", "--on=maybe"], '--on: "maybe" is not true or false'],
    [["path", "--wait=90"], '--wait: "90" is not a duration as 90s or 1m30s'],
    [["path", "--format=c"], '--format: "c" is not one of a, b'],
    [["path", "--url"], "flag --url needs a value"],
    [["path", "--url", "--follow"], "flag --url needs a value"],
    [[], "PATH is missing"],
    [["a", "b", "c"], 'unexpected argument "c"'],
  ])("%j: %s", (argv, message) => {
    expect(() => parse(...argv)).toThrow(UsageError);
    expect(() => parse(...argv)).toThrow(message);
  });

  test("a malformed environment variable is named", () => {
    const withEnv = { ...command, options: { port: { type: "number", env: "PORT", description: "" } } } as const;
    expect(() => parseCommandLine(withEnv, ["path"], { PORT: "x" })).toThrow('environment variable PORT: "x" is not');
  });
});

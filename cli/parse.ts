import { parseArgs } from "node:util";
import { parseDuration } from "../shared/duration.ts";
import { type Command, globalOptions, type Option, type Options, type OptionValue } from "./command.ts";
import { UsageError } from "./errors.ts";
import { nearest } from "./nearest.ts";

type Env = Readonly<Record<string, string | undefined>>;
interface Parsed {
  readonly options: Readonly<Record<string, OptionValue>>;
  readonly positionals: readonly string[];
}

/** Flags and positionals of one command. Go's forms are taken: `--flag=false`, `1m30s`, lists repeated or by comma. */
export function parseCommandLine(command: Command, argv: readonly string[], env: Env): Parsed {
  const options: Options = { ...command.options, ...globalOptions };
  const given = new Map<string, string[]>();
  const positionals: string[] = [];
  for (const token of tokens(options, argv)) {
    if (token.kind === "positional") positionals.push(token.value);
    if (token.kind !== "option") continue;
    const { name, negated } = flagOf(token, options);
    const option = options[name];
    if (!option) throw unknownFlag(token.rawName, options, command.name);
    const text = token.value ?? (option.type === "boolean" ? String(!negated) : undefined);
    if (text === undefined || (!token.inlineValue && text.startsWith("--"))) {
      throw usage(`flag ${token.rawName} needs a value`, command.name);
    }
    given.set(name, [...(given.get(name) ?? []), text]);
  }
  if (!given.has("help")) checkPositionals(command, positionals);
  const values = Object.entries(options).map(([name, option]) => [
    name,
    parsedValue(name, option, given.get(name), env, command),
  ]);
  return { options: Object.fromEntries(values), positionals };
}

/** `--no-wait` is `--wait=false`. */
function flagOf({ name, value }: { name: string; value?: string | undefined }, options: Options) {
  const positive = name.replace(/^no-/, "");
  const negated = !options[name] && value === undefined && options[positive]?.type === "boolean";
  return { name: negated ? positive : name, negated };
}

function tokens(options: Options, argv: readonly string[]) {
  const config = Object.entries(options).map(([name, { type, short }]) => [
    name,
    { type: type === "boolean" ? ("boolean" as const) : ("string" as const), ...(short && { short }) },
  ]);
  return parseArgs({
    // `-o=json`, as kubectl takes it too.
    args: argv.map((arg) => arg.replace(/^(-[a-zA-Z])=/, "$1")),
    options: Object.fromEntries(config),
    strict: false,
    allowPositionals: true,
    tokens: true,
  }).tokens;
}

function parsedValue(
  name: string,
  option: Option,
  given: readonly string[] | undefined,
  env: Env,
  command: Command,
): OptionValue {
  const variable = [option.env ?? []].flat().find((each) => env[each]);
  const fromEnv = variable && env[variable];
  const origin = given ? `--${name}` : variable ? `environment variable ${variable}` : `default of --${name}`;
  const texts = given ?? (fromEnv === undefined ? undefined : [fromEnv]);
  if (option.type === "string[]")
    return (texts ?? []).flatMap((text) => text.split(",").map((part) => part.trim())).filter(Boolean);
  const text = texts?.at(-1) ?? (option.default === undefined ? undefined : String(option.default));
  if (text === undefined) return option.type === "boolean" ? false : undefined;
  const value = convert(option, text);
  if (value === undefined) throw usage(`${origin}: "${text}" is not ${expected(option)}`, command.name);
  return value;
}

/** `undefined` when the text is no value of that type. */
function convert(option: Option, text: string): OptionValue {
  switch (option.type) {
    case "boolean":
      return /^(?:true|1|t)$/i.test(text) || (/^(?:false|0|f)$/i.test(text) ? false : undefined);
    case "number":
      return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
    case "duration":
      return parseDuration(text);
    default:
      return option.choices && !option.choices.includes(text) ? undefined : text;
  }
}

function expected(option: Option): string {
  if (option.choices) return `one of ${option.choices.join(", ")}`;
  return {
    boolean: "true or false",
    number: "a whole number",
    duration: "a duration as 90s or 1m30s",
    string: "a text",
    "string[]": "a list",
  }[option.type];
}

function checkPositionals(command: Command, positionals: readonly string[]): void {
  const wanted = command.positionals ?? [];
  const missing = wanted[positionals.length];
  if (missing?.required) throw usage(`${missing.name} is missing`, command.name);
  const extra = wanted.at(-1)?.many ? undefined : positionals[wanted.length];
  if (extra !== undefined) throw usage(`unexpected argument "${extra}"`, command.name);
}

function unknownFlag(flag: string, options: Options, command: string): UsageError {
  const names = Object.entries(options).flatMap(([name, { short }]) =>
    short ? [`--${name}`, `-${short}`] : [`--${name}`],
  );
  const near = nearest(flag, names);
  return usage(`unknown flag ${flag}${near ? `; did you mean ${near}?` : ""}`, command);
}

const usage = (what: string, command: string) =>
  new UsageError(what, { where: `pm ${command}`, next: `pm ${command} --help` });

/** One flag. `default` is written as a user would type it; a list has none. */
export interface Option {
  readonly type: "boolean" | "string" | "string[]" | "number" | "duration";
  readonly description: string;
  readonly default?: string | number | boolean;
  /** One letter. */
  readonly short?: string;
  /** Environment variable that is read when the flag is absent, or several in their order. */
  readonly env?: string | readonly string[];
  readonly choices?: readonly string[];
}
export type Options = Readonly<Record<string, Option>>;

interface TypeOf {
  boolean: boolean;
  string: string;
  "string[]": readonly string[];
  /** A whole number, not negative. */
  number: number;
  /** Milliseconds; typed in Go's syntax. */
  duration: number;
}
export type OptionValue = TypeOf[keyof TypeOf] | undefined;
type AlwaysThere = { type: "boolean" | "string[]" } | { default: string | number | boolean };
/** Flags without default are `undefined` when not given, except switches (false) and lists (empty). */
export type Values<O extends Options> = {
  readonly [K in keyof O]: TypeOf[O[K]["type"]] | (O[K] extends AlwaysThere ? never : undefined);
};

export interface Positional {
  readonly name: string;
  readonly description: string;
  readonly required?: boolean;
  /** Of the last one: there may be more of it. */
  readonly many?: boolean;
}
export interface Example {
  readonly run: string;
  readonly does: string;
}

/** What a command runs with besides its arguments. */
export interface Io {
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Standard output is a terminal. */
  readonly isTTY: boolean;
  /** Colours are wanted: a terminal, no NO_COLOR, no --no-color. */
  readonly color: boolean;
  /** Aborted by Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch. */
  now(): number;
  /** One line from the terminal; `undefined` when nobody can answer. */
  ask(question: string): Promise<string | undefined>;
}
export interface Sink {
  write(text: string): unknown;
}

/** Flags that every command takes. */
export const globalOptions = {
  kubeconfig: { type: "string", description: "kubeconfig file (default $KUBECONFIG, then ~/.kube/config)" },
  context: { type: "string", description: "context of the kubeconfig" },
  workspace: {
    type: "string",
    short: "w",
    description: "workspace to work in, as root:orgs:acme (default that of the kubeconfig)",
  },
  output: {
    type: "string",
    short: "o",
    default: "table",
    choices: ["table", "json", "yaml", "name"],
    description: "output format",
  },
  "no-color": { type: "boolean", description: "no colours, also with NO_COLOR in the environment" },
  timeout: { type: "duration", default: "30s", description: "time limit of each request to a server" },
  help: { type: "boolean", short: "h", description: "this help" },
} as const satisfies Options;
export type GlobalOptions = typeof globalOptions;
export type OutputFormat = "table" | "json" | "yaml" | "name";

export interface Args<O extends Options> {
  readonly options: Values<O> & Values<GlobalOptions>;
  readonly positionals: readonly string[];
}

interface Definition<O extends Options> {
  /** One or two words, as `tree` or `account create`. */
  readonly name: string;
  readonly summary: string;
  readonly description?: string;
  readonly options: O;
  readonly positionals?: readonly Positional[];
  readonly examples: readonly Example[];
  /** Answers the exit code (cli/errors.ts); throws CliError for everything that a person must read. */
  run(args: Args<O>, io: Io): Promise<number>;
}
export type Command = Definition<Options>;

/** Keeps the types of the flags for `run`, and forgets them for the rest. */
export function defineCommand<const O extends Options>(definition: Definition<O>): Command {
  return definition;
}

/** A command as the overview lists it; its module is loaded only to run it, so that `pm version` starts fast. */
export interface Entry {
  readonly name: string;
  /** Another name, of those who come from another program. */
  readonly alias?: string;
  readonly summary: string;
  load(): Promise<{ readonly default: Command }>;
}

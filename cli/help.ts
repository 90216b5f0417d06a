import { type Command, type Entry, globalOptions, type Options } from "./command.ts";

/** Overview of all commands. */
export function overview(entries: readonly Entry[]): string {
  const width = Math.max(...entries.map(({ name }) => name.length));
  return [
    "pm: accounts as kcp workspaces, by small event-driven functions",
    "",
    "Usage: pm COMMAND [flags]",
    "",
    "Commands:",
    ...entries.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    "",
    "Flags of every command:",
    ...flags(globalOptions),
    "",
    "Examples:",
    "  pm tree                          the accounts of this installation, and what each waits for",
    "  pm why root:orgs:acme            why an account is not ready, and what to do",
    "  pm COMMAND --help                flags and examples of one command",
    "",
  ].join("\n");
}

/** Everything about one command. */
export function commandHelp(command: Command): string {
  const positionals = command.positionals ?? [];
  const usage = positionals
    .map(({ name, required, many }) => (required ? ` ${name}` : ` [${name}]`) + (many ? "…" : ""))
    .join("");
  const width = Math.max(...command.examples.map(({ run }) => run.length), 0);
  return [
    `${command.summary}`,
    ...(command.description ? ["", command.description] : []),
    "",
    `Usage: pm ${command.name}${usage} [flags]`,
    ...(positionals.length
      ? ["", ...positionals.map(({ name, description }) => `  ${name.padEnd(12)}  ${description}`)]
      : []),
    ...(Object.keys(command.options).length ? ["", "Flags:", ...flags(command.options)] : []),
    "",
    "Flags of every command:",
    ...flags(globalOptions),
    "",
    "Examples:",
    ...command.examples.map(({ run, does }) => `  ${run.padEnd(width)}   ${does}`),
    "",
  ].join("\n");
}

function flags(options: Options): string[] {
  const rows = Object.entries(options).map(([name, option]) => {
    const value = option.type === "boolean" ? "" : ` ${option.choices?.join("|") ?? option.type.replace("[]", ",…")}`;
    const notes = [
      option.default === undefined || option.default === "" ? "" : `default ${option.default}`,
      option.env ? `env ${[option.env].flat().join(", ")}` : "",
    ].filter(Boolean);
    return {
      left: `${option.short ? `-${option.short}, ` : "    "}--${name}${value}`,
      right: option.description + (notes.length ? ` (${notes.join(", ")})` : ""),
    };
  });
  const width = Math.min(44, Math.max(...rows.map(({ left }) => left.length)));
  return rows.map(({ left, right }) => `  ${left.padEnd(width)}  ${right}`);
}

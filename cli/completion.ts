import { type Command, defineCommand, type Entry, globalOptions, type Options } from "./command.ts";
import { UsageError } from "./errors.ts";

/** What can follow `pm <words>`: sub-commands and flags. */
type Words = ReadonlyMap<string, readonly string[]>;

/** The command that prints completion scripts of all the others. */
export const completionOf = (commands: readonly Entry[]): Command =>
  defineCommand({
    name: "completion",
    summary: "Shell completion for bash, zsh or fish",
    options: {},
    positionals: [{ name: "SHELL", description: "bash, zsh or fish", required: true }],
    examples: [
      { run: "source <(pm completion bash)", does: "in this shell; put it into ~/.bashrc to keep it" },
      { run: "pm completion zsh > ~/.zfunc/_pm", does: "for zsh, in a folder of $fpath" },
      { run: "pm completion fish > ~/.config/fish/completions/pm.fish", does: "for fish" },
    ],
    async run({ positionals: [shell = ""] }, io) {
      const script = { bash, zsh, fish }[shell];
      if (!script)
        throw new UsageError(`no completion for "${shell}"`, {
          where: "pm completion",
          next: "pm completion bash|zsh|fish",
        });
      io.stdout.write(script(await words(commands)));
      return 0;
    },
  });

async function words(entries: readonly Entry[]): Promise<Words> {
  const flags = (options: Options) => Object.keys({ ...options, ...globalOptions }).map((name) => `--${name}`);
  const following = new Map<string, readonly string[]>([
    ["", [...new Set(entries.map(({ name }) => name.split(" ")[0] ?? name))]],
  ]);
  for (const entry of entries) {
    const [group = "", sub] = entry.name.split(" ");
    if (sub) following.set(group, [...(following.get(group) ?? []), sub]);
    following.set(entry.name, flags((await entry.load()).default.options));
  }
  return following;
}

const bash = (following: Words) => `# bash completion for pm
_pm() {
  local words=() word cur=\${COMP_WORDS[COMP_CWORD]}
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do [[ $word == -* ]] || words+=("$word"); done
  local candidates=""
  case "\${words[*]:0:2}" in
${cases(following, (list) => `candidates="${list.join(" ")}"`)}
  esac
  COMPREPLY=($(compgen -W "$candidates" -- "$cur"))
}
complete -o default -F _pm pm kubectl-pm
`;

const zsh = (following: Words) => `#compdef pm kubectl-pm
_pm() {
  local -a given candidates
  given=(\${\${words[2,CURRENT-1]}:#-*})
  case "\${(j: :)given[1,2]}" in
${cases(following, (list) => `candidates=(${list.join(" ")})`)}
  esac
  compadd -- $candidates
}
if [ "$funcstack[1]" = "_pm" ]; then _pm "$@"; else compdef _pm pm kubectl-pm; fi
`;

function fish(following: Words): string {
  const lines = [...following].flatMap(([after, list]) => {
    const condition =
      after === ""
        ? "__fish_use_subcommand"
        : after
            .split(" ")
            .map((word) => `__fish_seen_subcommand_from ${word}`)
            .join("; and ");
    return list.map((word) =>
      word.startsWith("--")
        ? `complete -c pm -n '${condition}' -l ${word.slice(2)}`
        : `complete -c pm -f -n '${condition}' -a ${word}`,
    );
  });
  return `# fish completion for pm\n${lines.join("\n")}\n`;
}

/** Longer command names first, so that `account create` is met before `account`; other words end in files. */
function cases(following: Words, body: (list: readonly string[]) => string): string {
  return [...following]
    .sort(([a], [b]) => b.length - a.length)
    .map(([after, list]) => `    ${pattern(after)}) ${body(list)} ;;`)
    .join("\n");
}
const pattern = (after: string) =>
  after === "" ? '""' : after.includes(" ") ? `"${after}"` : `"${after}"|"${after} "*`;

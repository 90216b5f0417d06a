import { defineCommand } from "../command.ts";
import { exit, UsageError } from "../errors.ts";
import { print } from "../output.ts";
import { fgaFlags, fgaOf } from "../run/fga-flags.ts";
import { type Style, styleOf } from "../style.ts";
import { canary } from "./canary.ts";
import type { Finding, Level } from "./check.ts";
import { checks } from "./checks.ts";
import { runDoctor } from "./doctor.ts";

export default defineCommand({
  name: "doctor",
  summary: "Check an installation, and say how to mend what is wrong",
  description:
    "Looks at kcp with the kubeconfig of the functions, as they see it; with --admin-kubeconfig also at what they may not see.\n" +
    "Writes nothing, except with --canary. Exit code 1 when a check fails.",
  options: {
    "admin-kubeconfig": {
      type: "string",
      description: "kubeconfig of a kcp administrator, for the checks that need one",
    },
    ...fgaFlags,
    canary: {
      type: "boolean",
      description: "also create an organization, pm-canary, and delete it; needs running functions",
    },
    wait: { type: "duration", default: "1m", description: "time limit for the canary to become Ready, and to go" },
    all: { type: "boolean", short: "a", description: "print the checks that are well, too" },
  },
  positionals: [{ name: "CHECK", description: "only this check, by its id" }],
  examples: [
    { run: "pm doctor --kubeconfig pm-operator.kubeconfig", does: "what the functions need" },
    {
      run: "pm doctor --kubeconfig pm-operator.kubeconfig --admin-kubeconfig admin.kubeconfig --canary",
      does: "everything",
    },
    { run: "pm doctor -o json", does: "every finding, for scripts" },
  ],
  async run({ options, positionals }, io) {
    const { kubeconfig, context } = options;
    const admin = options["admin-kubeconfig"];
    const findings = await runDoctor(
      {
        operator: { ...(kubeconfig && { file: kubeconfig }), ...(context && { context }), env: io.env },
        admin: admin ? { file: admin } : undefined,
        fga: fgaOf(options, "pm doctor"),
        canary: options.canary || positionals.includes(canary.id),
        only: known(positionals),
        timeoutMs: options.timeout,
        waitMs: options.wait,
      },
      io,
    );
    print(io, options.output, findings, {
      table: () => table(findings, options.all || positionals.length > 0, styleOf(io)),
      name: () => findings.map(({ id, level }) => `${id} ${level}\n`).join(""),
    });
    return findings.some(({ level }) => level === "FAIL") ? exit.failed : exit.ok;
  },
});

function known(ids: readonly string[]): readonly string[] {
  const all = [...checks, canary].map(({ id }) => id);
  for (const id of ids) {
    if (!all.includes(id))
      throw new UsageError(`unknown check "${id}"`, { where: "pm doctor", next: `one of ${all.join(", ")}` });
  }
  return ids;
}

const order: readonly Level[] = ["FAIL", "WARN", "SKIP", "OK"];

/** The count first, then the worst first. */
export function table(findings: readonly Finding[], all: boolean, style: Style): string {
  const of = (level: Level) => findings.filter((finding) => finding.level === level);
  const width = Math.max(...findings.map(({ id }) => id.length), 0);
  const colour = { OK: style.green, WARN: style.yellow, FAIL: style.red, SKIP: style.dim };
  const lines = order
    .filter((level) => all || level === "FAIL" || level === "WARN")
    .flatMap(of)
    .flatMap(({ id, level, message, fix }) => [
      ` ${colour[level](level.padEnd(4))} ${id.padEnd(width)}  ${message}`,
      ...(fix ? [`      fix: ${style.bold(fix)}`] : []),
    ]);
  const skipped = of("SKIP").length;
  const note = skipped > 0 && !all ? `   (${skipped} not checked: pm doctor --all says why)` : "";
  const count = ` OK ${of("OK").length} checks   WARN ${of("WARN").length}   FAIL ${of("FAIL").length}${note}`;
  return `${[count, ...lines].join("\n")}\n`;
}

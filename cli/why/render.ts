import { formatDuration } from "../../shared/duration.ts";
import type { Style } from "../style.ts";
import type { ExplainedStep, Explanation } from "./explain.ts";
import type { Blocker, DeletionExplanation } from "./explain-deletion.ts";

export function renderExplanation(explanation: Explanation, style: Style): string {
  const { ready, name, generation, observedGeneration, phase } = explanation;
  const isReady = ready.status === "True" && phase === "Ready";
  const state = `Ready=${ready.status} (${ready.reason})`;
  const width = Math.max(...explanation.steps.map(({ condition }) => condition.length), 0);
  const lines = [
    `Account ${style.bold(name)}  ${isReady ? style.green(state) : style.yellow(state)}  for ${formatDuration(ready.forMs)}, generation ${observedGeneration}/${generation}`,
    ...explanation.steps.flatMap((step) => stepLines(step, width, style)),
    ...explanation.warnings.map((warning) => `  ! ${style.yellow(warning)}`),
  ];
  if (explanation.cause) lines.push(`cause: ${explanation.cause}`);
  if (explanation.waitsFor)
    lines.push(`waits for: ${explanation.waitsFor.object}   to be served by: ${explanation.waitsFor.component}`);
  lines.push(explanation.next ? `next: ${style.bold(explanation.next)}` : "nothing holds it up");
  return `${lines.join("\n")}\n`;
}

function stepLines({ condition, state, text, details }: ExplainedStep, width: number, style: Style): string[] {
  const mark = { done: style.green("✓"), blocked: style.red("✗"), later: style.dim("·") }[state];
  return [`  ${mark} ${condition.padEnd(width)}  ${text}`, ...details.map((detail) => `      └ ${detail}`)];
}

export function renderDeletion(explanation: DeletionExplanation, style: Style, now: number): string {
  const { name, deletingSince, blockers, next } = explanation;
  const head = deletingSince
    ? `Account ${style.bold(name)}  ${style.yellow("being deleted")} for ${formatDuration(now - Date.parse(deletingSince))}`
    : `Account ${style.bold(name)}  is not being deleted; a deletion goes through:`;
  const nothing = blockers.length === 0 ? ["  nothing is in the way"] : [];
  const lines = [
    head,
    ...nothing,
    ...blockers.flatMap((blocker) => blockerLines(blocker, "  ")),
    `next: ${style.bold(next)}`,
  ];
  return `${lines.join("\n")}\n`;
}

const blockerLines = ({ text, because }: Blocker, indent: string): string[] => [
  `${indent}${text}`,
  ...because.flatMap((blocker) => {
    const [first = "", ...rest] = blockerLines(blocker, `${indent}   `);
    return [`${indent} └ ${first.trimStart()}`, ...rest];
  }),
];

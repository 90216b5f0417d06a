import { formatTuple } from "../../shared/fga/tuples.ts";
import { columns } from "../output.ts";
import type { Style } from "../style.ts";
import type { CanAnswer } from "./ask.ts";

/** The answer for people: first yes or no, then why. */
export function render(answer: CanAnswer, style: Style): string {
  const { user, verb, resource, workspace, allowed, reason, asked, because, needed } = answer;
  const head = allowed ? style.green("yes") : style.red("no");
  const lines = [`${head}: ${user} may ${allowed ? "" : "not "}${verb} ${resource} in ${workspace}`];
  if (!asked) return `${[...lines, `  ${reason}`].join("\n")}\n`;
  lines.push(`  asked    ${formatTuple(asked)}`);
  if (because.length > 0)
    lines.push("  because", indented(columns(because.map((link) => [formatTuple(link), link.does]))));
  if (!allowed) lines.push(`  needed   ${neededText(needed, user)}`);
  return `${lines.join("\n")}\n`;
}

function neededText(needed: CanAnswer["needed"], user: string): string {
  if (!needed) return "no role of an account gives this";
  const { role, object, path = object } = needed;
  const above = "or owner of an account above it";
  return `${role} of ${path}, ${above}: pm member add ${user} --role ${role} -w ${path}`;
}

const indented = (text: string): string =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => `    ${line}`)
    .join("\n");

import { formatDuration } from "../../shared/duration.ts";
import { columns } from "../output.ts";
import type { Style } from "../style.ts";
import type { TreeNode } from "./walk.ts";

/** The tree as lines: name, type, phase, and what it waits for. */
export function renderTree(root: string, nodes: readonly TreeNode[], style: Style, now: number): string {
  const rows = nodes.flatMap((node, index) => rowsOf(node, "", index === nodes.length - 1, now));
  const lines = columns(rows.map(({ cells }) => cells)).split("\n");
  const painted = rows.map(({ node }, index) => paint(lines[index] ?? "", node, style));
  return `${[style.bold(root), ...painted].join("\n")}\n`;
}

interface Row {
  readonly node: TreeNode;
  readonly cells: readonly string[];
}

function rowsOf(node: TreeNode, indent: string, last: boolean, now: number): Row[] {
  const phase = node.ready ? node.phase : `${node.phase} ${formatDuration(now - Date.parse(node.since))}`;
  const remark = node.waitsFor || (node.visible ? "" : "(no access to what is below)");
  const cells = [`${indent}${last ? "└─" : "├─"} ${node.name}`, node.type, phase, remark];
  const below = `${indent}${last ? "   " : "│  "}`;
  const children = node.children.flatMap((child, index) =>
    rowsOf(child, below, index === node.children.length - 1, now),
  );
  return [{ node, cells }, ...children];
}

function paint(line: string, node: TreeNode, style: Style): string {
  const color = node.ready ? style.green : node.phase === "Failed" ? style.red : style.yellow;
  return line.replace(node.ready ? /(?<= {2})Ready\b/ : new RegExp(`(?<=  )${node.phase}\\b.*`), (text) => color(text));
}

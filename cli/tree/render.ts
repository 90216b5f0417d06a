import { formatDuration } from "../../shared/duration.ts";
import { columns } from "../output.ts";
import type { Style } from "../style.ts";
import type { TreeNode } from "./walk.ts";

/** What stands at the top: an account, or a workspace that is none. */
export type Root = TreeNode | Pick<TreeNode, "path" | "children">;

/** The tree as lines: name, type, phase, and what it waits for. */
export function renderTree(root: Root, style: Style, now: number): string {
  const top = "name" in root ? [rowOf(root, root.name, now)] : [];
  const rows = [...top, ...rowsBelow(root, "", now)];
  const lines = columns(rows.map(({ cells }) => cells)).split("\n");
  const painted = rows.map(({ node }, index) => paint(lines[index] ?? "", node, style));
  return `${[...("name" in root ? [] : [style.bold(root.path)]), ...painted].join("\n")}\n`;
}

interface Row {
  readonly node: TreeNode;
  readonly cells: readonly string[];
}

function rowsBelow({ children }: Pick<TreeNode, "children">, indent: string, now: number): readonly Row[] {
  return children.flatMap((node, index) => {
    const isLast = index === children.length - 1;
    const row = rowOf(node, `${indent}${isLast ? "└─" : "├─"} ${node.name}`, now);
    return [row, ...rowsBelow(node, `${indent}${isLast ? "   " : "│  "}`, now)];
  });
}

function rowOf(node: TreeNode, label: string, now: number): Row {
  const phase = node.ready ? node.phase : `${node.phase} ${formatDuration(now - Date.parse(node.since))}`;
  const remark = node.waitsFor || (node.visible ? "" : "(no access to what is below)");
  return { node, cells: [label, node.type, phase, remark] };
}

function paint(line: string, node: TreeNode, style: Style): string {
  const color = node.ready ? style.green : node.phase === "Failed" ? style.red : style.yellow;
  return line.replace(node.ready ? /(?<= {2})Ready\b/ : new RegExp(`(?<=  )${node.phase}\\b.*`), (text) => color(text));
}

/** YAML in block style of what JSON can hold. Strings that YAML could read as something else are quoted as in JSON,
 *  which is YAML too. */
export function toYaml(value: unknown): string {
  const plain: unknown = JSON.parse(JSON.stringify(value ?? null));
  return `${isBranch(plain) ? block(plain, "") : scalar(plain)}\n`;
}

function block(value: object, indent: string): string {
  if (Array.isArray(value))
    return value.map((item) => `${indent}- ${nested(item, `${indent}  `).trimStart()}`).join("\n");
  return Object.entries(value)
    .map(([key, item]) => {
      if (!isBranch(item)) return `${indent}${scalar(key)}: ${multiline(item, indent)}`;
      return `${indent}${scalar(key)}:\n${block(item, Array.isArray(item) ? indent : `${indent}  `)}`;
    })
    .join("\n");
}

const nested = (item: unknown, indent: string) => (isBranch(item) ? block(item, indent) : multiline(item, indent));

/** Text of several lines as a literal block, where that keeps it as it is. */
function multiline(item: unknown, indent: string): string {
  if (typeof item !== "string" || !/^[^\s].*\n/.test(item) || /[^\n\x20-\x7e]|\n\n$|[ \t]\n/.test(item))
    return scalar(item);
  const lines = item.endsWith("\n") ? item.slice(0, -1) : item;
  return `|${item.endsWith("\n") ? "" : "-"}\n${lines.replace(/^(?=.)/gm, `${indent}  `)}`;
}

function scalar(value: unknown): string {
  if (typeof value !== "string") return Array.isArray(value) ? "[]" : isObject(value) ? "{}" : JSON.stringify(value);
  const plain = /^[A-Za-z_/][\w./@ -]*(?::[\w./@-]+)*$/.test(value) && !value.endsWith(" ");
  return plain && !/^(?:true|false|yes|no|on|off|null|y|n)$/i.test(value) ? value : JSON.stringify(value);
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;
const isBranch = (value: unknown): value is object => isObject(value) && Object.keys(value).length > 0;

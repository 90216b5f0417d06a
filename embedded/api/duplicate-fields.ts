const tokens = /"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s"{}[\]:,]+/g;

interface Level {
  readonly path: string;
  /** Of an object: the names that were there already. */
  readonly names?: Set<string>;
  index: number;
  name: string;
}

/** Paths of the fields that a JSON text names more than once, which JSON.parse does not tell. */
export function duplicateFields(text: string): readonly string[] {
  const found: string[] = [];
  const levels: Level[] = [];
  let isName = false;
  for (const [token] of text.matchAll(tokens)) {
    const level = levels.at(-1);
    if (token === "{" || token === "[") {
      const path = level ? pathIn(level) : "";
      levels.push({ path, index: 0, name: "", ...(token === "{" && { names: new Set<string>() }) });
      isName = token === "{";
    } else if (token === "}" || token === "]") {
      levels.pop();
      isName = false;
    } else if (token === "," && level) {
      level.index++;
      isName = level.names !== undefined;
    } else if (isName && level?.names && token.startsWith('"')) {
      level.name = JSON.parse(token);
      if (level.names.has(level.name)) found.push(pathIn(level));
      level.names.add(level.name);
      isName = false;
    }
  }
  return [...new Set(found)];
}

function pathIn({ path, names, name, index }: Level): string {
  if (!names) return `${path}[${index}]`;
  return path ? `${path}.${name}` : name;
}

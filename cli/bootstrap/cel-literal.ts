/** A text as a literal of the Common Expression Language, in printable ASCII alone: whatever it holds, it stays inside
 *  its quotes, and on its line of a YAML file. */
export const celText = (text: string): string => `"${Array.from(text, escaped).join("")}"`;

export const celList = (texts: readonly string[]): string => `[${texts.map(celText).join(", ")}]`;

function escaped(character: string): string {
  if (character === '"' || character === "\\") return `\\${character}`;
  if (/^[ -~]$/.test(character)) return character;
  return `\\U${(character.codePointAt(0) ?? 0).toString(16).padStart(8, "0")}`;
}

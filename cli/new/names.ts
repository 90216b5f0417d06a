/** What is wrong with the name of a new function beside those of functions/index.ts; `undefined` for nothing. It becomes
 *  a folder, a part of NATS subjects, the name of a Knative service and a variable. */
export function nameFault(name: string, index: string): string | undefined {
  if (name.length > maxLength) return `it has ${name.length} letters, at most ${maxLength} are allowed`;
  if (!/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(name)) return "it must be words of small letters and digits, joined by -";
  if (reserved.has(name)) return "it is a word of the language";
  const code = index.replaceAll(/"[^"]*"|\/\*\*.*\*\//g, "");
  return new RegExp(`\\b${variableOf(name)}\\b`).test(code) ? "functions/index.ts has it already" : undefined;
}

const maxLength = 50;

/** `greetOwner` for `greet-owner`. */
export const variableOf = (name: string): string =>
  name.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());

const reserved: ReadonlySet<string> = new Set(
  `arguments await break case catch class const continue debugger default delete do else enum eval export extends false
  finally for function if implements import in instanceof interface let new null package private protected public return
  static super switch this throw true try typeof undefined var void while with yield`.split(/\s+/),
);

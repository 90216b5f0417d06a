import { CliError } from "../errors.ts";
import { variableOf } from "./names.ts";

/** functions/index.ts with one more function at the end of its list. Throws CliError when its form is not the known one. */
export function registered(index: string, name: string): string {
  const variable = variableOf(name);
  const lines = index.split("\n");
  const imports = lines.flatMap((line, at) => {
    const [, folder] = /^import .* from "\.\/([^/]+)\/.*";$/.exec(line) ?? [];
    return folder === undefined ? [] : [{ folder, at }];
  });
  const last = imports.at(-1);
  const list = lines.indexOf("export const functions: readonly AccountFunction[] = [");
  const end = lines.indexOf("];", list);
  if (!last || list < last.at || end < list) {
    throw new CliError("functions/index.ts has another form than the one that is known", {
      why: "it must import the functions, and list them in `export const functions`",
      next: "git diff functions/index.ts",
    });
  }
  const place = imports.find(({ folder }) => order.compare(folder, name) > 0)?.at ?? last.at + 1;
  return lines
    .toSpliced(end, 0, `  ${variable},`)
    .toSpliced(place, 0, `import ${variable} from "./${name}/index.ts";`)
    .join("\n");
}

/** That of the formatter: a9 before a10, a before a-b. */
const order = new Intl.Collator("en", { numeric: true });

import { registerHooks } from "node:module";
import { pathToFileURL } from "node:url";
import type { dispatchFunctions } from "../../eventing/dispatch-functions.ts";

/** Brings the functions to the bus. */
export type Dispatch = typeof dispatchFunctions;

const version = /[?]reload=\d+$/;

/** Answers a function that loads all functions anew, as the files are then, with everything that they import: a class of
 *  one load would not know the errors of another. What was loaded before stays. Rejects with what is wrong in a file. */
export function functionsLoader(root: string): () => Promise<Dispatch> {
  const { href } = pathToFileURL(`${root}/`);
  const isOurs = (url: string) => url.startsWith(href) && !url.includes("/node_modules/");
  // A module that was asked for with a version asks for its own imports with the same.
  registerHooks({
    resolve(specifier, context, next) {
      const resolved = next(specifier, context);
      const [query] = version.exec(context.parentURL ?? "") ?? [];
      return query && isOurs(resolved.url) ? { ...resolved, url: resolved.url + query } : resolved;
    },
  });
  let loads = 0;
  return async () => {
    const module: { readonly dispatchFunctions: Dispatch } = await import(
      `${href}eventing/dispatch-functions.ts?reload=${++loads}`
    );
    return module.dispatchFunctions;
  };
}

/** A stack as the person who edits the files needs it: places below the root, and none in what runs the functions. */
export const readable = (stack: string, root: string): string =>
  stack
    .replaceAll(pathToFileURL(`${root}/`).href, "")
    .replaceAll(/[?]reload=\d+/g, "")
    .split("\n")
    .filter((line) => !/^ {4}at .*(?:node:|node_modules|eventing\/)/.test(line))
    .join("\n")
    .trimEnd();

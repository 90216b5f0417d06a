import { findPackageJSON } from "node:module";
import { pathToFileURL } from "node:url";

const found = findPackageJSON(".", import.meta.url);
if (!found) throw new Error("package.json of Account Functions is missing: install it again");

/** package.json of the product, beside which everything lies that it reads: the same from the sources, from dist/ and
 *  from an image, where the bundle lies beside it. */
export const packageJson: URL = pathToFileURL(found);

/** The program itself, to be started once more: the bundle from a bundle, the source from the sources. */
export const program: URL = new URL(import.meta.url.endsWith(".ts") ? "main.ts" : "main.js", import.meta.url);

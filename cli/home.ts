import { findPackageJSON } from "node:module";
import { pathToFileURL } from "node:url";

const found = findPackageJSON(".", import.meta.url);
if (!found) throw new Error("package.json of Account Functions is missing: install it again");

/** package.json of the product, beside which everything lies that it reads: the same from the sources, from dist/ and
 *  from an image, where the bundle lies beside it. */
export const packageJson: URL = pathToFileURL(found);

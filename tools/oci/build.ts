import { functions } from "../../functions/index.ts";
import { pmLayer } from "./app-layer.ts";
import { type DescribedImage, withSbom } from "./attach-sbom.ts";
import { baseLayer } from "./base-layer.ts";
import { type BuildInfo, type ImageSpec, imageOf } from "./image.ts";
import { nodeLayer } from "./node-layer.ts";
import { product, revision } from "./product.ts";
import { tracingLayer } from "./tracing-layer.ts";

export interface BuildOptions {
  /** Registry and folder of the names, as `dev.local/account-functions`. */
  readonly prefix: string;
  /** Tag of the names; package.json's version unless given. */
  readonly version?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Images whose names Knative takes as they are, instead of asking a registry. */
export const localPrefix = "dev.local/account-functions";

/** Builds all images in memory: the first holds pm with everything, the others one function each. */
export async function buildImages({ prefix, version, env }: BuildOptions): Promise<readonly DescribedImage[]> {
  const about = await product();
  const source = env?.SOURCE ?? about.repository;
  const info: BuildInfo = {
    version: version ?? about.version,
    license: about.license,
    ...(source && { source }),
    revision: await revision(env),
  };
  const [base, node, tracing, pm] = await Promise.all([baseLayer(), nodeLayer(), tracingLayer(), pmLayer()]);
  const imageNamed = (name: string, spec: Pick<ImageSpec, "description" | "command" | "parts">) =>
    withSbom(imageOf({ ...spec, name, title: name, reference: `${prefix}/${name}:${info.version}` }, info), info);
  const parts = [base, node, tracing, pm];
  const all = imageNamed(about.name, { description: about.description, command: ["/app/main.js"], parts });
  const single = functions.map(({ name }) =>
    imageNamed(name, {
      description: `The function ${name} of ${about.name}`,
      command: ["/app/main.js", "serve", "--function", name],
      parts,
    }),
  );
  return [all, ...single];
}

import { functionLayers, pmLayer } from "./app-layer.ts";
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
  const [base, node, tracing, pm, single] = await Promise.all([
    baseLayer(),
    nodeLayer(),
    tracingLayer(),
    pmLayer(),
    functionLayers(),
  ]);
  const imageNamed = (name: string, spec: Pick<ImageSpec, "description" | "script" | "parts">) =>
    withSbom(imageOf({ ...spec, name, title: name, reference: `${prefix}/${name}:${info.version}` }, info), info);
  const shared = [base, node, tracing];
  const { description } = about;
  const all = imageNamed(about.name, { description, script: "/app/main.js", parts: [...shared, pm] });
  const others = [...single].map(([name, part]) =>
    imageNamed(name, {
      description: `The function ${name} of ${about.name}`,
      script: "/app/index.js",
      parts: [...shared, part],
    }),
  );
  return [all, ...others];
}

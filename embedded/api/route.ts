import { noSuchResource } from "../status-error.ts";

/** Where in the server a URL points to. */
export interface Place {
  /** Path in front of `/clusters/`; empty for direct access. */
  readonly prefix: string;
  /** Logical cluster by id or path, `*`, or `undefined` for the server itself. */
  readonly cluster: string | undefined;
  /** What follows the cluster, as `/api/v1/namespaces`. */
  readonly path: string;
}

export function placeOf(pathname: string): Place {
  const [, prefix = "", cluster, path] = /^((?:\/services\/.+?)?)\/clusters\/([^/]+)(\/.*)?$/.exec(pathname) ?? [];
  if (cluster !== undefined) return { prefix, cluster: decodeURIComponent(cluster), path: path ?? "/" };
  return { prefix: "", cluster: undefined, path: pathname };
}

/** What a path below a cluster names. */
export interface ResourcePath {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: string;
}

/** `undefined` for paths that name no resource. */
export function resourcePathOf(path: string): ResourcePath | undefined {
  const [root, ...parts] = path.split("/").filter(Boolean).map(decode);
  if (root !== "api" && root !== "apis") return undefined;
  const group = root === "apis" ? parts.shift() : "";
  const version = parts.shift();
  if (group === undefined || version === undefined || parts.length === 0) return undefined;
  const at = { group, version };
  if (parts[0] === "namespaces" && parts.length >= 3 && !ofNamespace.has(parts[2] ?? "")) {
    const [, namespace = "", plural = "", name, ...rest] = parts;
    const subresource = rest.join("/");
    return { ...at, plural, namespace, ...(name && { name }), ...(subresource && { subresource }) };
  }
  const [plural = "", name, ...rest] = parts;
  const subresource = rest.join("/");
  return { ...at, plural, ...(name && { name }), ...(subresource && { subresource }) };
}

const ofNamespace = new Set(["status", "finalize"]);

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw noSuchResource();
  }
}

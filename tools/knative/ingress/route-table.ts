import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { Backend, Ingress, Path } from "./ingress-object.ts";

/** Where a request goes and what it takes along. */
export interface Route {
  readonly backend: Backend;
  readonly headers: Readonly<Record<string, string>>;
  readonly rewriteHost: string | undefined;
}
export interface Asked {
  readonly host: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

/** Names of the cluster's domain may be shortened by whoever calls. */
const suffixes = [".cluster.local", ".svc.cluster.local"];
/** Who asks with this value of the header for the version of the routes gets it as the header's value. */
export const hashHeader = "k-network-hash";
export const hashWanted = "override";

/** Which backend serves a request, by the rules of all Ingresses. */
export class RouteTable {
  readonly #ingresses = new Map<string, Ingress>();

  set(key: string, ingress: Ingress): void {
    this.#ingresses.set(key, ingress);
  }
  delete(key: string): void {
    this.#ingresses.delete(key);
  }

  /** `chance`, from 0 to 1, decides between splits. */
  find(asked: Asked, chance: number): Route | undefined {
    const host = asked.host.toLowerCase().replace(/:\d+$/, "");
    for (const ingress of this.#ingresses.values()) {
      for (const { hosts, http } of ingress.spec.rules) {
        const path = hosts.some((name) => isSameHost(name, host)) && best(http.paths, asked);
        if (path) return routeTo(path, chance, asked.headers[hashHeader] === hashWanted ? hashOf(ingress) : undefined);
      }
    }
    return undefined;
  }
}

/** Tells one version of an Ingress's routes from another. */
export function hashOf({ metadata: { namespace, name }, spec }: Ingress): string {
  return createHash("sha256")
    .update(JSON.stringify([namespace, name, spec]))
    .digest("hex");
}

const isSameHost = (name: string, host: string): boolean =>
  name === host || suffixes.some((suffix) => name === host + suffix);

/** The longest path that the request's begins with; of several with the same path the one that asks for most headers. */
function best(paths: readonly Path[], { path, headers }: Asked): Path | undefined {
  const matching = paths.filter(
    (candidate) =>
      path.startsWith(candidate.path ?? "/") &&
      Object.entries(candidate.headers ?? {}).every(([name, { exact }]) => headers[name.toLowerCase()] === exact),
  );
  const headerCount = (candidate: Path) => Object.keys(candidate.headers ?? {}).length;
  return matching.sort((a, b) => (b.path ?? "/").length - (a.path ?? "/").length || headerCount(b) - headerCount(a))[0];
}

function routeTo(path: Path, chance: number, hash: string | undefined): Route | undefined {
  const ends = path.splits.map((_, n) => sum(path.splits.slice(0, n + 1).map(({ percent = 100 }) => percent)));
  const split = path.splits[ends.findIndex((end) => chance * 100 < end)] ?? path.splits.at(-1);
  if (!split) return undefined;
  const headers = { ...path.appendHeaders, ...split.appendHeaders, ...(hash && { [hashHeader]: hash }) };
  return { backend: split, headers, rewriteHost: path.rewriteHost };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

import type { CloudEvent } from "../shared/event.ts";

/** How people call logical clusters: by their paths, as learned from events, so that no kcp is needed. */
export class Places {
  readonly #paths = new Map<string, string>();

  learn({ kcpcluster, kcppath }: CloudEvent): void {
    if (kcpcluster !== undefined && kcppath !== undefined) this.#paths.set(kcpcluster, kcppath);
  }

  /** The path, or the id where no event has told it. */
  readonly pathOf = (cluster: string): string => this.#paths.get(cluster) ?? cluster;
}

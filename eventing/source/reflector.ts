import { ApiError } from "../../shared/kcp/client.ts";
import { messageOf } from "../../shared/kcp/errors.ts";
import type { KubeObject } from "../../shared/kcp/objects.ts";
import { isNewer } from "../../shared/kcp/resource-version.ts";
import { pause } from "./backoff.ts";
import { listAll, newestVersion, type Watching, watch } from "./watch.ts";
import type { Change, Page } from "./wire.ts";

/** What is told of a collection, one call at a time: the next comes when the last has resolved. */
export interface Observer<T extends KubeObject> {
  /** All there is: at first, and whenever what happened since is no longer known. */
  listed(page: Page<T>): Promise<void>;
  changed(change: Change<T>): Promise<void>;
  /** The watch runs. */
  connected(): void;
  /** The watch broke or a list failed; it goes on by itself. */
  disconnected(reason: string): void;
}

/** Follows a collection until the signal is aborted: lists, watches, resumes after the last version that was handled,
 *  and lists again when the server no longer knows that version. Resolves only once the signal is aborted. */
export async function reflect<T extends KubeObject>(watching: Watching, observer: Observer<T>): Promise<void> {
  const { signal, timing } = watching;
  let resumeAt: string | undefined;
  let isDoubtful = false;
  for (let failures = 0; !signal.aborted; ) {
    try {
      // kcp answers a watch at a version of the future with silence: a server made anew is known by its lower versions.
      if (resumeAt !== undefined && isDoubtful && isNewer(resumeAt, await newestVersion(watching)))
        resumeAt = undefined;
      isDoubtful = false;
      if (resumeAt === undefined) {
        const page = await listAll<T>(watching);
        await observer.listed(page);
        resumeAt = page.resourceVersion;
      }
      const started = timing.clock.now();
      for await (const said of watch<T>(watching, resumeAt, () => observer.connected())) {
        if (said.type !== "BOOKMARK") await observer.changed(said);
        resumeAt = said.type === "BOOKMARK" ? said.resourceVersion : said.object.metadata.resourceVersion;
        failures = 0;
      }
      // A server that ends each watch at once must not be asked without pause.
      failures = timing.clock.now() - started < shortMs ? failures + 1 : 0;
    } catch (error) {
      if (signal.aborted) return;
      // Whatever the server itself refuses, and first of all 410, a new list settles; a broken connection is resumed.
      if (error instanceof ApiError) resumeAt = undefined;
      else isDoubtful = true;
      failures++;
      observer.disconnected(messageOf(error));
    }
    if (failures > 0) await pause(timing, failures, signal).catch(() => undefined);
  }
}

const shortMs = 1_000;

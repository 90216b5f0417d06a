import { z } from "zod";
import type { Log } from "../../shared/function.ts";
import type { KubeObject } from "../../shared/kcp/objects.ts";
import { pathOf } from "../../shared/kcp/resource-path.ts";
import { reflect } from "./reflector.ts";
import type { Watching } from "./watch.ts";

export interface EndpointOptions extends Omit<Watching, "url"> {
  /** URL of the workspace that holds the slice. */
  readonly workspaceUrl: string;
  /** Name of the APIExportEndpointSlice. */
  readonly sliceName: string;
  readonly log: Log;
  /** Told at first, even of none, and whenever they change: the URLs of the export's virtual workspace, one a shard. */
  readonly onEndpoints: (urls: readonly string[]) => Promise<void>;
}

/** APIExportEndpointSlices, which kcp serves in every workspace. */
export const slices = { group: "apis.kcp.io", version: "v1alpha1", plural: "apiexportendpointslices" };
const slice = z.looseObject({
  status: z.looseObject({ endpoints: z.array(z.looseObject({ url: z.url() })).default([]) }).optional(),
});

/** URLs of the virtual workspaces, without a slash at their ends. */
export const urlsOf = (object: KubeObject | undefined): readonly string[] =>
  slice.parse(object ?? {}).status?.endpoints.map(({ url }) => url.replace(/\/$/, "")) ?? [];

/** Follows an APIExportEndpointSlice until the signal is aborted, since shards come and go. */
export async function followEndpoints({
  sliceName,
  log,
  onEndpoints,
  workspaceUrl,
  ...rest
}: EndpointOptions): Promise<void> {
  let last: readonly string[] | undefined;
  const tell = async (object: KubeObject | undefined): Promise<void> => {
    const urls = urlsOf(object);
    if (urls.join() === last?.join()) return;
    if (urls.length === 0) log.warn({ slice: sliceName }, object ? "no shard serves the API export" : "no such slice");
    last = urls;
    await onEndpoints(urls);
  };
  await reflect<KubeObject>(
    { ...rest, url: workspaceUrl + pathOf(slices) },
    {
      listed: ({ objects }) => tell(objects.find(({ metadata }) => metadata.name === sliceName)),
      changed: async ({ type, object }) => {
        if (object.metadata.name === sliceName) await tell(type === "DELETED" ? undefined : object);
      },
      connected: () => log.debug({ slice: sliceName }, "slice is watched"),
      disconnected: (reason) => log.warn({ slice: sliceName, reason }, "slice watch broke"),
    },
  );
}

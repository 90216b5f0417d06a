import { z } from "zod";
import type { Marker } from "../outside.ts";
import { ApiError } from "./client.ts";
import type { Resource } from "./kinds.ts";
import type { KubeObject } from "./objects.ts";

const workspaceTypes: Resource = { group: "tenancy.kcp.io", version: "v1alpha1", plural: "workspacetypes" };

/** Where kcp shows the workspaces that wait for our markers: base URLs, one a shard, without a slash at their ends. */
export type MarkerUrls = Readonly<Record<Marker, readonly string[]>>;

export interface SecurityType {
  /** The type holds workspaces back: security is switched on (decisions.md 29). */
  readonly isOn: boolean;
  readonly urls: MarkerUrls;
}

const typeSchema = z.looseObject({
  spec: z.looseObject({ initializer: z.boolean().default(false) }).optional(),
  status: z
    .looseObject({ virtualWorkspaces: z.array(z.looseObject({ type: z.string(), url: z.url() })).default([]) })
    .optional(),
});

/** Reads one object with the functions' own rights. */
export type ReadObject = (
  resource: Resource,
  target: { readonly cluster: string; readonly name: string },
) => Promise<KubeObject | undefined>;

/** WorkspaceType `<workspace path>:<name>`, as markers are called. One that is not there, or that the functions may not
 *  see, is off: bootstrap gives them the right to see it when it switches security on. */
export async function readSecurityType(read: ReadObject, marker: string): Promise<SecurityType> {
  const at = marker.lastIndexOf(":");
  const object = await read(workspaceTypes, { cluster: marker.slice(0, at), name: marker.slice(at + 1) }).catch(
    (error: unknown) => {
      if (error instanceof ApiError && error.code === 403) return undefined;
      throw error;
    },
  );
  const { spec, status } = typeSchema.parse(object ?? {});
  const of = (type: string) =>
    (status?.virtualWorkspaces ?? []).filter((served) => served.type === type).map(({ url }) => url.replace(/\/$/, ""));
  return {
    isOn: spec?.initializer === true,
    urls: { initializer: of("initializing"), terminator: of("terminating") },
  };
}

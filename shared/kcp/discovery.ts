import { z } from "zod";
import type { ApiResource } from "../fga/resource-module.ts";
import type { Call } from "./client.ts";
import type { Client } from "./rest.ts";

const groupList = z.looseObject({
  groups: z.array(z.looseObject({ name: z.string(), preferredVersion: z.looseObject({ version: z.string() }) })),
});
const resourceList = z.looseObject({
  resources: z.array(
    z.looseObject({
      name: z.string(),
      singularName: z.string(),
      kind: z.string(),
      namespaced: z.boolean(),
      verbs: z.array(z.string()),
    }),
  ),
});

/** The API resources that a workspace serves, each in its preferred version, subresources left out; sorted. */
export async function discover(
  client: Pick<Client, "request">,
  cluster: string,
  call?: Call,
): Promise<readonly ApiResource[]> {
  const { groups } = groupList.parse(await client.request({ cluster, path: "/apis" }, call));
  const served = [
    { group: "", version: "v1" },
    ...groups.map(({ name, preferredVersion }) => ({ group: name, version: preferredVersion.version })),
  ];
  const found = await Promise.all(served.map((each) => resourcesOf(client, { cluster, ...each }, call)));
  const key = ({ group, plural }: ApiResource) => `${group}/${plural}`;
  return found.flat().toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
}

interface GroupVersion {
  readonly cluster: string;
  readonly group: string;
  readonly version: string;
}

async function resourcesOf(
  client: Pick<Client, "request">,
  { cluster, group, version }: GroupVersion,
  call?: Call,
): Promise<readonly ApiResource[]> {
  const path = group ? `/apis/${group}/${version}` : `/api/${version}`;
  const { resources } = resourceList.parse(await client.request({ cluster, path }, call));
  return resources
    .filter(({ name }) => !name.includes("/"))
    .map(({ name: plural, singularName, kind, namespaced, verbs }) => ({
      group,
      version,
      plural,
      // Some native resources leave it out.
      singular: singularName || kind.toLowerCase(),
      kind,
      namespaced,
      verbs,
    }));
}

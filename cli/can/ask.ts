import { findPlaces } from "../../eventing/authorization/places.ts";
import { decide } from "../../functions/authorize/index.ts";
import type { ResourceRequest, Review } from "../../functions/authorize/review.ts";
import type { Fga, Tuple } from "../../shared/fga/fga.ts";
import type { Call } from "../../shared/kcp/client.ts";
import { clusterOf, type LogicalCluster } from "../../shared/kcp/objects.ts";
import type { Client } from "../../shared/kcp/rest.ts";
import { logicalClusterName } from "../../shared/names.ts";
import { defaultSettings } from "../../shared/settings.ts";
import { CliError } from "../errors.ts";
import { type Needed, neededRole } from "./needed.ts";
import { scopesOf } from "./scopes.ts";
import { type Link, traceGrant } from "./trace.ts";

export interface Wanted {
  readonly user: string;
  readonly verb: string;
  readonly resource: ResourceRequest;
  /** Path of the workspace. */
  readonly workspace: string;
  /** With bind: path of the APIExport's workspace. */
  readonly provider: string | undefined;
}
/** What `pm can` tells; the form of -o json. */
export interface CanAnswer {
  readonly user: string;
  readonly verb: string;
  readonly resource: string;
  readonly workspace: string;
  readonly allowed: boolean;
  readonly reason: string;
  /** The question that OpenFGA answered. */
  readonly asked?: Tuple & { readonly store: string };
  /** Relationships that lead from the user to the answer yes. */
  readonly because: readonly Link[];
  /** Of an answer no: the least role that would change it. */
  readonly needed?: Needed;
}
interface Sources {
  readonly client: Client;
  readonly fga: Fga;
  now(): number;
}

export async function ask(wanted: Wanted, { client, fga, now }: Sources, call: Call): Promise<CanAnswer> {
  const { user, verb, resource, workspace, provider } = wanted;
  const cluster = await clusterAt(client, workspace, call);
  const isBind = verb === "bind" && provider !== undefined;
  const groups = ["system:authenticated", ...(isBind ? [`system:cluster:${cluster}`] : [])];
  const review: Review = {
    apiVersion: "authorization.k8s.io/v1",
    ...{ user, verb, resource, groups },
    cluster: isBind ? await clusterAt(client, provider, call) : cluster,
    userCluster: undefined,
    path: undefined,
  };
  const placeOf = findPlaces({ reader: client, fga, orgsPath: defaultSettings.orgsPath, now });
  const { allowed, reason, asked } = await decide(review, { placeOf, check: fga.check }, call);
  const told = { user, verb, resource: titleOf(resource), workspace, allowed, reason };
  if (!asked) return { ...told, because: [] };
  const scopes = await scopesOf(asked, workspace, fga, call);
  const needed = allowed ? undefined : await neededRole(asked, scopes, fga, call);
  return {
    ...told,
    asked: { store: asked.store, ...asked.tuple },
    because: allowed ? await traceGrant(asked, scopes, fga, call) : [],
    ...(needed && { needed }),
  };
}

async function clusterAt(client: Client, path: string, call: Call): Promise<string> {
  const found: LogicalCluster | undefined = await client.get("LogicalCluster", path, logicalClusterName, call);
  if (found) return clusterOf(found);
  throw new CliError(`there is no workspace ${path}`, { next: "pm tree shows the accounts that there are" });
}

const titleOf = ({ group, resource, subresource, namespace, name }: ResourceRequest): string =>
  `${resource}${subresource && `/${subresource}`}${group && `.${group}`}${name && ` ${name}`}${namespace && ` in namespace ${namespace}`}`;

import { randomBytes, randomUUID } from "node:crypto";
import type { Authorizer } from "../access/authorizer.ts";
import { asArray, asObject, asString, at, equal, type Json, type JsonObject } from "../json.ts";
import { clusterAnnotation, clusterOf, keyFor, type Meta, type Obj, pathAnnotation, timestamp } from "../object.ts";
import type { Catalog } from "../resources/catalog.ts";
import { apiVersionOf, type ResourceType } from "../resources/resource-type.ts";
import { type Clusters, rootCluster } from "../store/clusters.ts";
import { commit, commitDeletion, commitNew } from "../store/commit.ts";
import type { Store } from "../store/store.ts";

/** What the controllers and the admission rules work with: the types they know by name, and writes as the server itself. */
export class System {
  readonly store: Store;
  readonly clusters: Clusters;
  readonly catalog: Catalog;
  readonly authorizer: Authorizer;
  readonly now: () => number;
  /** `https://host:port`, known once the server listens. */
  url = "";
  /** PEM; empty when the server speaks plain HTTP. */
  ca = "";

  constructor(parts: Pick<System, "store" | "clusters" | "catalog" | "authorizer" | "now">) {
    this.store = parts.store;
    this.clusters = parts.clusters;
    this.catalog = parts.catalog;
    this.authorizer = parts.authorizer;
    this.now = parts.now;
  }

  /** A type that root serves, which is every type of kcp's own. */
  type(group: string, plural: string): ResourceType {
    const found = this.catalog.find(rootCluster, group, plural);
    if (!found) throw new Error(`no type ${plural}.${group} in root yet`);
    return found;
  }

  get(type: ResourceType, cluster: string, name: string, namespace?: string): Obj | undefined {
    return this.store.get(type.storage, cluster, keyFor(name, namespace));
  }

  list(type: ResourceType, cluster?: string): readonly Obj[] {
    return [...this.store.list(type.storage, cluster)];
  }

  create(type: ResourceType, cluster: string, given: Given): Obj {
    const { metadata, ...content } = given;
    const isCounted = !type.isNative;
    const meta = {
      ...metadata,
      uid: randomUUID(),
      creationTimestamp: timestamp(this.now()),
      ...(isCounted && { generation: 1 }),
      annotations: { ...metadata.annotations, [clusterAnnotation]: cluster },
    };
    const apiVersion = apiVersionOf(type.group, type.storageVersion);
    return commitNew(this.store, type, { apiVersion, kind: type.kind, metadata: meta as Meta, ...content });
  }

  update(type: ResourceType, before: Obj, after: Obj): Obj {
    return commit(this.store, type, before, after).object;
  }

  delete(type: ResourceType, object: Obj): void {
    commitDeletion(this.store, type, object, this.now());
  }

  /** The newest state of an object. */
  fresh(type: ResourceType, object: Obj): Obj | undefined {
    const { name, namespace } = object.metadata;
    return this.get(type, clusterOf(object), name, namespace);
  }

  /** Adds what is `kcp.io/path` to an annotated kind, so that readers need not look the path up. */
  pathAnnotations(cluster: string): Readonly<Record<string, string>> {
    return { [pathAnnotation]: this.clusters.pathOf(cluster) };
  }
}

export interface Given {
  readonly metadata: Partial<Omit<Meta, "annotations">> & {
    readonly name: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: Json | undefined;
}

/** A condition as kcp writes it. */
export type Condition = {
  readonly type: string;
  readonly status: "True" | "False";
  readonly reason?: string;
  readonly message?: string;
  readonly severity?: string;
};

/** A status with this condition; its time changes only with what it says. Ready comes first, then by name. */
export function withCondition(status: JsonObject, condition: Condition, now: number): JsonObject {
  const present = asArray(status.conditions).map(asObject);
  const same = present.find(({ type }) => type === condition.type);
  const { lastTransitionTime: _time, ...said } = same ?? {};
  if (same && equal(said, { ...condition })) return status;
  const lastTransitionTime = same?.status === condition.status ? asString(same.lastTransitionTime) : timestamp(now);
  const others = present.filter(({ type }) => type !== condition.type);
  const conditions = [...others, { lastTransitionTime, ...condition }].sort((one, other) =>
    order(asString(one.type)) < order(asString(other.type)) ? -1 : 1,
  );
  return { ...status, conditions };
}

const order = (type: string): string => (type === "Ready" ? "" : type);

export const isTrue = (object: Obj, type: string): boolean =>
  asArray(at(object.status, "conditions")).some((each) => at(each, "type") === type && at(each, "status") === "True");

const digits = "0123456789abcdefghijklmnopqrstuvwxyz";
/** An id for a new logical cluster. */
export const newClusterId = (): string =>
  `${1 + ((randomBytes(1)[0] ?? 0) % 2)}${[...randomBytes(15)].map((byte) => digits[byte % 36]).join("")}`;

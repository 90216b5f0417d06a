import { asString, at } from "../json.ts";
import type { ResourceType } from "../resources/resource-type.ts";
import type { Clusters } from "../store/clusters.ts";
import type { Store } from "../store/store.ts";
import { type Attributes, allowed, denied, type User, type Verdict } from "./attributes.ts";
import { Rbac } from "./rbac.ts";

const openPaths = new Set(["/healthz", "/livez", "/readyz"]);
const requiredGroups = "authorization.kcp.io/required-groups";

/** Decides who may do what, by the rules of kcp: access to the workspace, RBAC in it, and for bound types the most that
 *  their provider allows to anybody. */
export class Authorizer {
  readonly #store: Store;
  readonly #clusters: Clusters;
  readonly #rbac: Rbac;

  constructor(store: Store, clusters: Clusters) {
    this.#store = store;
    this.#clusters = clusters;
    this.#rbac = new Rbac(store);
  }

  /** Direct access to a logical cluster; `type` is what the request is about. */
  authorize(attributes: Attributes, type?: ResourceType): Verdict {
    const { user, cluster, path } = attributes;
    if (path !== undefined && openPaths.has(path)) return allowed;
    if (user.groups.includes("system:masters")) return allowed;
    if (cluster === "*" || cluster === "" || cluster.startsWith("system:")) return denied();
    if (!this.#mayEnter(cluster, user)) return denied();
    if (!this.#rbac.allows(attributes)) return denied();
    return this.#isWithinPolicy(attributes, type) ? allowed : denied();
  }

  /** Whether RBAC in a cluster gives a right that is checked beside the request, as `bind` or `use`. */
  may(user: User, cluster: string, right: Partial<Attributes> & Pick<Attributes, "verb">): boolean {
    if (user.groups.includes("system:masters")) return true;
    const none = { group: "", resource: "", subresource: "", namespace: "", name: "" };
    return this.#rbac.allows({ ...none, ...right, user, cluster });
  }

  #mayEnter(cluster: string, user: User): boolean {
    const found = this.#clusters.get(cluster);
    if (!found) return false;
    const groups = asString(at(found.metadata.annotations, requiredGroups));
    if (groups && !isInAny(user, groups)) return false;
    if (user.groups.includes("system:kcp:admin")) return true;
    return this.may(user, cluster, { verb: "access", path: "/" });
  }

  /** The most that the provider of a bound type allows, granted to users with a prefix in the provider's cluster. */
  #isWithinPolicy(attributes: Attributes, type: ResourceType | undefined): boolean {
    if (!type?.binding || attributes.path !== undefined) return true;
    const { exportCluster, exportName } = type.binding;
    const apiExport = this.#store.get("apiexports.apis.kcp.io", exportCluster, exportName);
    if (at(apiExport?.spec, "maximalPermissionPolicy", "local") === undefined) return true;
    const { name, groups } = attributes.user;
    const user = { name: prefixed(name), groups: groups.map(prefixed) };
    return this.#rbac.allows({ ...attributes, user, cluster: exportCluster });
  }
}

const prefixed = (name: string) => `apis.kcp.io:binding:${name}`;

/** `a,b;c`: in a and b, or in c. */
const isInAny = ({ groups }: User, text: string): boolean =>
  text.split(";").some((all) => all.split(",").every((group) => groups.includes(group.trim())));

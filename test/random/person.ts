import { ApiError } from "../../shared/kcp/client.ts";
import { apiVersionOf, type Kind, kinds } from "../../shared/kcp/kinds.ts";
import type { Account, KubeObject, Workspace } from "../../shared/kcp/objects.ts";
import { pathOf } from "../../shared/kcp/resource-path.ts";
import type { Client } from "../../shared/kcp/rest.ts";
import { annotation, infoName, label } from "../../shared/names.ts";
import type { Action, Edit, Path, Propagation, Spoiling } from "./action.ts";

const orgs = "root:orgs";

/** What the person wrote into an Account that was taken. */
export interface Wish {
  readonly path: Path;
  spec: Account["spec"];
  labels: Readonly<Record<string, string>>;
}

/** Somebody with kubectl and all rights, who remembers what they asked for. Refusals by the server are taken as answers. */
export class Person {
  readonly #client: Client;
  /** By uid of the Account. */
  readonly wishes = new Map<string, Wish>();
  /** Uids of Accounts that are to be gone. */
  readonly deleted = new Set<string>();
  /** Uids of Workspaces that are nobody's Account's, until they may be adopted. */
  readonly squatted = new Set<string>();
  /** Accounts whose finalizers were taken away: what only the functions would remove may stay. */
  readonly forced = new Set<Path>();
  /** Accounts whose AccountInfo was deleted by hand, or freed of its finalizer. */
  readonly unheld = new Set<Path>();
  /** Their Workspace was taken from them: only the AccountInfo in it still tells whose it is. */
  readonly disowned = new Set<Path>();
  /** Accounts and Workspaces that were deleted: what was below them may be gone as well. */
  readonly ended: Path[] = [];

  constructor(client: Client) {
    this.#client = client;
  }

  /** Does it now, as far as the server lets them. */
  async act(action: Exclude<Action, { does: "wait" | "fault" }>): Promise<void> {
    try {
      await this.#do(action);
    } catch (error) {
      if (!(error instanceof ApiError) || error.code >= 500) throw error;
    }
  }

  #do(action: Exclude<Action, { does: "wait" | "fault" }>): Promise<unknown> {
    const { path } = action;
    const [org = ""] = path.split(":");
    switch (action.does) {
      case "create":
        return this.#create(path, action.type);
      case "edit":
        return this.#edit(path, action.what);
      case "delete":
        return this.#delete(path, action.how);
      case "squat":
        return this.#squat(path);
      case "adopt":
        return this.#adopt(path);
      case "spoil":
        return this.#spoil(path, org, action.what);
      case "destroy":
        switch (action.what) {
          case "Workspace":
            this.ended.push(path);
            return this.#client.delete(kinds.Workspace, placeOf(path));
          case "AccountInfo":
            this.unheld.add(path);
            return this.#client.delete(kinds.AccountInfo, infoOf(path));
          case "WorkspaceType for the org":
            return this.#client.delete(kinds.WorkspaceType, { cluster: orgs, name: `${org}-org` });
          case "WorkspaceType for accounts":
            return this.#client.delete(kinds.WorkspaceType, { cluster: orgs, name: `${org}-account` });
        }
    }
  }

  async #create(path: Path, type: string): Promise<void> {
    const { cluster, name } = placeOf(path);
    const spec = { type, displayName: name };
    const object = { ...typeMeta("Account"), metadata: { name }, spec };
    const { metadata } = await this.#client.create<Account>(kinds.Account, cluster, object);
    this.wishes.set(metadata.uid, { path, spec, labels: {} });
  }

  async #edit(path: Path, what: Edit): Promise<void> {
    const patch = edits[what];
    const { metadata } = await this.#client.mergePatch<Account>(kinds.Account, placeOf(path), patch);
    const wish = this.wishes.get(metadata.uid);
    if (!wish) return;
    wish.spec = { ...wish.spec, ...patch.spec };
    if (what === "label") wish.labels = { ...wish.labels, ...patch.metadata?.labels };
  }

  async #delete(path: Path, how: Propagation): Promise<void> {
    const { cluster, name } = placeOf(path);
    const present = await this.#client.get("Account", cluster, name);
    const body = { apiVersion: "v1", kind: "DeleteOptions", propagationPolicy: how };
    await this.#client.request({ method: "DELETE", cluster, path: pathOf(kinds.Account, { name }), body });
    if (present) this.deleted.add(present.metadata.uid);
    if (how === "Orphan") this.disowned.add(path);
    this.ended.push(path);
  }

  async #squat(path: Path): Promise<void> {
    const { cluster, name } = placeOf(path);
    const spec = { type: { name: "universal", path: "root" } };
    const object = { ...typeMeta("Workspace"), metadata: { name }, spec };
    const { metadata } = await this.#client.create<Workspace>(kinds.Workspace, cluster, object);
    this.squatted.add(metadata.uid);
  }

  async #adopt(path: Path): Promise<void> {
    const patch = { metadata: { annotations: { [annotation.adopt]: "true" } } };
    const { metadata } = await this.#client.mergePatch<Workspace>(kinds.Workspace, placeOf(path), patch);
    this.squatted.delete(metadata.uid);
  }

  #spoil(path: Path, org: string, what: Spoiling): Promise<KubeObject> {
    const edit = (kind: Kind, where: Place, patch: object) =>
      this.#client.mergePatch<KubeObject>(kinds[kind], where, patch);
    const type = { cluster: orgs, name: `${org}-account` };
    switch (what) {
      case "owner of the Workspace":
        this.disowned.add(path);
        return edit("Workspace", placeOf(path), { metadata: { ownerReferences: null } });
      case "lineage in the AccountInfo":
        return edit("AccountInfo", infoOf(path), {
          spec: { account: { path: "other" }, organization: { name: "other" } },
        });
      case "security in the AccountInfo":
        return edit("AccountInfo", infoOf(path), { spec: { fga: { store: { id: `store of ${path}` } } } });
      case "finalizers of the AccountInfo":
        this.unheld.add(path);
        return edit("AccountInfo", infoOf(path), { metadata: { finalizers: null } });
      case "finalizers of the Account":
        this.forced.add(path);
        return edit("Account", placeOf(path), { metadata: { finalizers: null } });
      case "status of the Account":
        return edit(
          "Account",
          { ...placeOf(path), subresource: "status" },
          { status: { conditions: [], phase: "Ready" } },
        );
      case "limits of the WorkspaceType":
        return edit("WorkspaceType", type, { spec: { limitAllowedChildren: { types: null, none: true } } });
      case "org of the WorkspaceType":
        return edit("WorkspaceType", type, { metadata: { labels: { [label.org]: "other" } } });
    }
  }
}

interface Place {
  readonly cluster: string;
  readonly name: string;
  readonly subresource?: "status";
}

/** Where the Account and the Workspace of a path are. */
function placeOf(path: Path): Place {
  const names = path.split(":");
  return { cluster: [orgs, ...names.slice(0, -1)].join(":"), name: names.at(-1) ?? "" };
}

const infoOf = (path: Path): Place => ({ cluster: `${orgs}:${path}`, name: infoName });
const typeMeta = (kind: Kind) => ({ apiVersion: apiVersionOf(kinds[kind]), kind });

interface Patch {
  readonly metadata?: { readonly labels: Readonly<Record<string, string>> };
  readonly spec?: Partial<Account["spec"]>;
}
const edits: Readonly<Record<Edit, Patch>> = {
  displayName: { spec: { displayName: "another name" } },
  data: { spec: { data: { region: "eu" } } },
  label: { metadata: { labels: { team: "red" } } },
  "refresh label": { metadata: { labels: { [label.refresh]: "now" } } },
  "type to team": { spec: { type: "team" } },
  "type to org": { spec: { type: "org" } },
  "type to account": { spec: { type: "account" } },
};

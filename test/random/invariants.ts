import { findCondition } from "../../shared/conditions.ts";
import { type Account, type AccountLocation, clusterOf, type Workspace } from "../../shared/kcp/objects.ts";
import { typesOf } from "../e2e/expected.ts";
import type { Person } from "./person.ts";
import { clusterAt, find, infoIn, nameOf, type World } from "./world.ts";

/** What the person remembers. */
type Memory = Pick<Person, "wishes" | "deleted" | "squatted" | "forced" | "disowned" | "ended">;
interface Now {
  readonly world: World;
  readonly person: Memory;
}
/** What there is when all has come to rest. */
export interface End extends Now {
  /** How many things were done to the world. */
  readonly actions: number;
  readonly writes: number;
  readonly invocations: number;
  /** Of one more look at every account, when nothing had happened since the last. */
  readonly writesAtRest: number;
  /** Kubernetes Events written then. */
  readonly noticesAtRest: number;
  /** Beyond those that always run. */
  readonly timersLeft: number;
  /** What the controllers of the control plane still fail at. */
  readonly errors: readonly string[];
  readonly deadLetters: readonly string[];
  /** What was wrong some time after the last action though nothing had gone wrong. */
  readonly unsettled: readonly string[];
  /** Workspaces that were let go with accounts in them. */
  readonly releasedEarly: readonly string[];
}

/** Says what is wrong, by the name of what it finds; nothing when all is well. */
export type Invariant = (end: End) => Iterable<string>;

/** What an account needs to be Ready, decided without the product. */
function canBeReady(world: World, account: Account): boolean {
  const { name } = account.metadata;
  const { type } = account.spec;
  const cluster = clusterOf(account);
  const inOrgs = cluster === clusterAt(world, "root:orgs");
  if (!inOrgs && !infoIn(world, cluster)) return false;
  const workspace = find(world, "Workspace", cluster, name);
  // Type and name count until there is a Workspace; later only that an org stays one.
  if (workspace) return isOwner(account, workspace) && (type === "org") === inOrgs;
  if (!inOrgs) return type === "account" && /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name);
  return type === "org" && /^[a-z][a-z0-9-]{1,53}[a-z0-9]$/.test(name) && name !== "master";
}

const isOwner = (account: Account, workspace: Workspace): boolean =>
  workspace.metadata.ownerReferences?.some(({ uid }) => uid === account.metadata.uid) ?? false;

const living = ({ world }: Now): readonly Account[] =>
  world.all("Account").filter(({ metadata }) => !metadata.deletionTimestamp);

function locationOf(world: World, account: Account): AccountLocation | undefined {
  const { name } = account.metadata;
  const originClusterId = clusterOf(account);
  const spec = find(world, "Workspace", originClusterId, name)?.spec;
  if (!spec?.cluster || !spec.URL) return undefined;
  const path = spec.URL.split("/").at(-1) ?? "";
  return { name, originClusterId, generatedClusterId: spec.cluster, url: spec.URL, path, type: account.spec.type };
}

/** Every account that can be is Ready, and every other says why it is not. */
export function* readyOrSaysWhy(end: Now): Iterable<string> {
  for (const account of living(end)) {
    const name = nameOf(end.world, account);
    const { conditions = [], observedGeneration, phase } = account.status ?? {};
    const ready = findCondition(account, "Ready");
    const isReady = ready?.status === "True" && phase === "Ready";
    const should = canBeReady(end.world, account);
    const says = conditions.map(({ type, status, reason, message }) => [type, status, reason, message].join(" "));
    if (isReady !== should) yield `${name} is ${isReady ? "" : "not "}Ready: ${phase}; ${says.join("; ")}`;
    const why = conditions.some(
      (each) => each.type !== "Ready" && each.status === "False" && each.reason && each.message,
    );
    if (!isReady && !why) yield `${name} does not say why it is not Ready: ${says.join("; ")}`;
    if (isReady && conditions.some(({ status }) => status !== "True"))
      yield `${name} is Ready, but: ${says.join("; ")}`;
    const { generation } = account.metadata;
    const seen = [observedGeneration, ...conditions.map((each) => each.observedGeneration)];
    if (seen.some((each) => each !== generation)) yield `${name} has generation ${generation}, seen is ${seen.join()}`;
  }
}

/** Each Workspace belongs to the Account of its name, or to the person who made it. */
export function* workspacesBelong({ world, person }: End): Iterable<string> {
  for (const workspace of world.all("Workspace")) {
    const { name, uid, deletionTimestamp } = workspace.metadata;
    const cluster = clusterOf(workspace);
    if (cluster === "root" || person.squatted.has(uid)) continue;
    const { URL: url = "", cluster: inner = "" } = workspace.spec ?? {};
    const path = url.slice(url.lastIndexOf("/root:orgs:") + "/root:orgs:".length);
    if (person.disowned.has(path) && !infoIn(world, inner)) continue;
    const account = find(world, "Account", cluster, name);
    if (!account || !isOwner(account, workspace)) yield `${nameOf(world, workspace)} belongs to no Account`;
    if (deletionTimestamp && !account?.metadata.deletionTimestamp) yield `${nameOf(world, workspace)} is being deleted`;
  }
}

/** AccountInfo says where the account, its parent and its org are, and what it inherits. */
export function* lineageIsRight(end: Now): Iterable<string> {
  const { world } = end;
  for (const account of living(end)) {
    if (findCondition(account, "Ready")?.status !== "True") continue;
    const own = locationOf(world, account);
    const info = own && infoIn(world, own.generatedClusterId);
    const isOrg = clusterOf(account) === clusterAt(world, "root:orgs");
    const parent = isOrg ? undefined : infoIn(world, clusterOf(account))?.spec;
    const { fga = info?.spec.fga, oidc = info?.spec.oidc } = parent ?? {};
    const wanted = {
      account: own,
      ...(parent && { parentAccount: parent.account }),
      organization: parent?.organization ?? own,
      clusterInfo: { ca: "CA" },
      fga,
      ...(oidc && { oidc }),
    };
    const found = sorted(info?.spec);
    if (found !== sorted(wanted)) yield `AccountInfo of ${nameOf(world, account)} is ${found}, not ${sorted(wanted)}`;
    const held = info?.metadata.finalizers?.includes("account.core.platform-mesh.io/info");
    if (!held || info?.metadata.deletionTimestamp) yield `AccountInfo of ${nameOf(world, account)} is not held`;
  }
}

/** WorkspaceTypes in root:orgs are those of the orgs that exist, as they should be. */
export function* typesAreRight({ world, person }: Now): Iterable<string> {
  const cluster = clusterAt(world, "root:orgs") ?? "";
  const orgs = world.all("Account").filter((account) => clusterOf(account) === cluster);
  const types = world.all("WorkspaceType").filter((type) => clusterOf(type) === cluster);
  const names = new Set(types.map(({ metadata }) => metadata.name));
  const wanted = new Map(
    orgs.flatMap(({ metadata: { name } }) =>
      Object.entries(typesOf(name)).map(([type, spec]) => [type, { name, spec }]),
    ),
  );
  for (const org of orgs.filter((each) => findCondition(each, "Ready")?.status === "True")) {
    const missing = Object.keys(typesOf(org.metadata.name)).filter((type) => !names.has(type));
    if (missing.length > 0) yield `${nameOf(world, org)} has no ${missing.join(" and ")}`;
  }
  for (const type of types) {
    const expected = wanted.get(type.metadata.name);
    if (!expected && person.forced.has(type.metadata.name.replace(/-(org|account)$/, ""))) continue;
    if (!expected) yield `${nameOf(world, type)} is of no org`;
    if (!expected) continue;
    if (sorted(type.spec) !== sorted(expected.spec)) yield `${nameOf(world, type)} is ${sorted(type.spec)}`;
    const label = type.metadata.labels?.["core.platform-mesh.io/org"];
    if (label !== expected.name) yield `${nameOf(world, type)} is labelled with org ${label}`;
  }
}

/** What was deleted is gone with all that was made for it, and nothing else is. */
export function* goneIsGone({ world, person }: End): Iterable<string> {
  const accounts = new Map(world.all("Account").map((account) => [account.metadata.uid, account]));
  for (const uid of person.deleted) {
    const account = accounts.get(uid);
    if (account)
      yield `${nameOf(world, account)} is not gone: ${sorted(account.metadata.finalizers)} ${sorted(account.status?.conditions)}`;
  }
  for (const [uid, { path }] of person.wishes) {
    const mayBeGone = person.deleted.has(uid) || person.ended.some((each) => path.startsWith(`${each}:`));
    if (!accounts.has(uid) && !mayBeGone) yield `Account ${path} is gone`;
  }
  const served = new Set(world.all("Workspace").map(({ spec }) => spec?.cluster));
  const clusters = new Set(world.all("LogicalCluster").map(clusterOf));
  for (const inner of world.all("LogicalCluster")) {
    const cluster = clusterOf(inner);
    if (cluster !== "root" && !served.has(cluster)) yield `${nameOf(world, inner)} is left over`;
  }
  for (const kind of ["Account", "AccountInfo", "Workspace", "WorkspaceType", "APIBinding"] as const) {
    for (const object of world.all(kind)) {
      if (!clusters.has(clusterOf(object))) yield `${nameOf(world, object)} is left over`;
      if (object.metadata.deletionTimestamp) yield `${nameOf(world, object)} is still being deleted`;
    }
  }
  for (const info of world.all("AccountInfo")) {
    const { originClusterId, name } = info.spec.account;
    if (!find(world, "Account", originClusterId, name)) yield `${nameOf(world, info)} is of no Account`;
  }
}

/** What people wrote is as they wrote it. */
export function* wishesAreKept({ world, person }: End): Iterable<string> {
  for (const account of world.all("Account")) {
    const wish = person.wishes.get(account.metadata.uid);
    if (!wish) yield `${nameOf(world, account)} was made by nobody`;
    else if (sorted(account.spec) !== sorted(wish.spec))
      yield `${nameOf(world, account)} has spec ${sorted(account.spec)}`;
    const { labels = {} } = account.metadata;
    if (wish && sorted(labels) !== sorted(wish.labels)) yield `${nameOf(world, account)} has labels ${sorted(labels)}`;
  }
}

/** Nothing is under way, nothing was given up, and a further look changes nothing. */
export function* allIsAtRest(end: End): Iterable<string> {
  const { world, writesAtRest, noticesAtRest, timersLeft, errors, deadLetters } = end;
  if (writesAtRest > 0) yield `one more look at every account makes ${writesAtRest} writes`;
  const isWaiting = world.all("Account").some((account) => findCondition(account, "Ready")?.reason === "Stopped");
  if (noticesAtRest > 0 && !isWaiting) yield `${noticesAtRest} Kubernetes Events are written though nobody waits`;
  if (timersLeft !== 0) yield `${timersLeft} timers are left`;
  yield* errors.map((error) => `the control plane failed: ${error}`);
  yield* deadLetters.map((letter) => `dead letter: ${letter}`);
}

/** Waiting accounts are woken by what they wait for, not by the next look. */
export function* wakesByItself({ unsettled }: End): Iterable<string> {
  yield* unsettled;
}

/** What is inside goes before what is around it. */
export function* goesBottomUp({ releasedEarly }: End): Iterable<string> {
  yield* releasedEarly;
}

const invocationsPerAction = 200;
const writesPerAction = 40;

/** No change sets off more than a bounded number of calls and writes. */
export function* workIsBounded({ actions, invocations, writes }: End): Iterable<string> {
  if (invocations > (actions + 1) * invocationsPerAction) yield `${invocations} invocations for ${actions} actions`;
  if (writes > (actions + 1) * writesPerAction) yield `${writes} writes for ${actions} actions`;
}

const invariants: readonly Invariant[] = [
  readyOrSaysWhy,
  workspacesBelong,
  lineageIsRight,
  typesAreRight,
  goneIsGone,
  wishesAreKept,
  allIsAtRest,
  wakesByItself,
  goesBottomUp,
  workIsBounded,
];

/** What is wrong at a moment at which nothing is under way any more, but no account was looked at again. */
export const wrongSoon = (world: World, person: Memory): readonly string[] =>
  [readyOrSaysWhy, lineageIsRight, typesAreRight].flatMap((invariant) => [...invariant({ world, person })]);

/** Everything that is wrong, each with the invariant that it breaks. */
export const violationsOf = (end: End): readonly string[] =>
  invariants.flatMap((invariant) => [...invariant(end)].map((what) => `${invariant.name}: ${what}`));

/** JSON with the keys of every object in order, to compare and to show. */
function sorted(value: unknown): string {
  return (
    JSON.stringify(value, (_key, inner: unknown) =>
      typeof inner === "object" && inner !== null && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).sort(([one], [other]) => (one < other ? -1 : 1)))
        : inner,
    ) ?? "absent"
  );
}

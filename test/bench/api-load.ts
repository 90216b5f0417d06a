import { apiVersionOf, kinds } from "../../shared/kcp/kinds.ts";
import type { Kubeconfig } from "../../shared/kcp/kubeconfig.ts";
import type { Account } from "../../shared/kcp/objects.ts";
import { Observer } from "./observer.ts";
import type { Tree } from "./tree.ts";

const forMs = 2_000;
const connections = 16;

/** Answers per second of one kind of request, sent by 16 at once for two seconds. */
async function perSecond(request: (n: number) => Promise<unknown>): Promise<number> {
  const end = performance.now() + forMs;
  let answered = 0;
  const worker = async () => {
    while (performance.now() < end) await request(answered++);
  };
  await Promise.all(Array.from({ length: connections }, worker));
  return answered / (forMs / 1000);
}

export interface ApiLoad {
  readonly gets: number;
  /** Of 500 objects each. */
  readonly lists: number;
  readonly patches: number;
  /** Events per second that all watches together are told while one object after the other is patched. */
  readonly watched: number;
}

/** What the API of the control plane answers per second, with the accounts of the tree in it. */
export async function apiLoad(tree: Tree, config: Kubeconfig, count: number): Promise<ApiLoad> {
  const { client } = tree;
  const place = (n: number) => {
    const path = tree.path(1 + (n % (count - 1)));
    return { cluster: path.slice(0, path.lastIndexOf(":")), name: path.slice(path.lastIndexOf(":") + 1) };
  };
  const patch = (n: number, mark = String(n)) =>
    client.mergePatch<Account>(kinds.Account, place(n), { metadata: { annotations: { bench: mark } } });
  const list = `${new URL(tree.wildcard).pathname}/clusters/*/apis/${apiVersionOf(kinds.Account)}/accounts?limit=500`;
  const gets = await perSecond((n) => client.get("Account", place(n).cluster, place(n).name));
  const lists = await perSecond(() => client.request({ path: list }));
  const patches = await perSecond((n) => patch(n));
  return { gets, lists, patches, watched: await fanOut(tree, config, patch) };
}

const watchers = 20;
const changes = 300;

type Patch = (n: number, mark?: string) => Promise<Account>;

async function fanOut({ wildcard }: Tree, config: Kubeconfig, patch: Patch): Promise<number> {
  const isReady = ({ metadata }: Account) => metadata.annotations?.bench === "last";
  const options = { kind: "Account", workspace: "*", isReady } as const;
  const opening = Array.from({ length: watchers }, () => Observer.start({ ...config, server: wildcard }, options));
  const observers = await Promise.all(opening);
  const start = performance.now();
  for (let n = 1; n < changes; n++) await patch(n);
  const { metadata } = await patch(changes, "last");
  await Promise.all(observers.map((observer) => observer.readyAt(metadata.name)));
  const seconds = (performance.now() - start) / 1000;
  for (const observer of observers) observer.stop();
  return (watchers * changes) / seconds;
}

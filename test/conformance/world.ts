import { randomInt } from "node:crypto";
import { test } from "vitest";
import type { Api } from "./api.ts";
import { type Backend, startBackend } from "./backend.ts";
import { eventually } from "./eventually.ts";
import { callIt } from "./neutral.ts";
import { workspace } from "./objects.ts";

export const accounts = "/apis/core.platform-mesh.io/v1alpha1/accounts";
export const workspaces = "/apis/tenancy.kcp.io/v1alpha1/workspaces";
export const bindings = "/apis/apis.kcp.io/v1alpha2/apibindings";
export const configMaps = "/api/v1/namespaces/default/configmaps";

/** Distinguishes what this run makes. */
const run = Array.from({ length: 4 }, () => String.fromCharCode(97 + randomInt(26))).join("");
const wanted = new Map<string, Room>();
let backend: Backend | undefined;

/** The server that the cases are put to. */
export function server(): Backend {
  if (!backend) throw new Error("the server has not been started");
  return backend;
}

/** A workspace of type universal below root that holds the cases of one topic, with Accounts bound. */
export class Room {
  readonly name: string;
  #id = "";

  constructor(topic: string) {
    this.name = unique(topic);
  }

  get path(): string {
    return `root:${this.name}`;
  }

  /** Logical cluster. */
  get id(): string {
    return this.#id;
  }

  /** Requests in it as administrator, or with the token of another user. */
  api(token = server().admin): Api {
    return server().api.as(token).below(`/clusters/${this.path}`);
  }

  async open(): Promise<void> {
    this.#id = await makeWorkspace("root", this.name);
    callIt(this.#id, `<id of ${this.name.replace(`-${run}`, "")}>`);
    await bindAccounts(this.api());
  }
}

/** A name of this run alone, written in answers as it is given here. */
export function unique(name: string): string {
  const made = `${name}-${run}`;
  callIt(made, name);
  return made;
}

/** Asks for a workspace of its own for a topic; it is there when the cases run. */
export function room(topic: string): Room {
  const made = wanted.get(topic) ?? new Room(topic);
  wanted.set(topic, made);
  return made;
}

export async function startWorld(): Promise<void> {
  backend = await startBackend();
  callIt(backend.url, "<server>");
  callIt(new URL(backend.url).host, "<host>");
  // A few at a time: kcp gets slower by more.
  const rooms = [...wanted.values()];
  while (rooms.length > 0) await Promise.all(rooms.splice(0, 4).map((each) => each.open()));
  for (const begin of long) begin();
}

export async function stopWorld(): Promise<void> {
  await backend?.stop();
}

const long: (() => void)[] = [];

/** A case that takes a kcp long: it begins as soon as there are rooms, beside the others, and is waited for in its turn. */
export function longCase(name: string, work: () => Promise<void>): void {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  // Told when its turn comes.
  promise.catch(() => undefined);
  long.push(() => void work().then(resolve, reject));
  test(name, () => promise);
}

/** Makes a workspace and waits until it is Ready; answers its id. */
export async function makeWorkspace(
  parent: string,
  name: string,
  spec?: Readonly<Record<string, unknown>>,
): Promise<string> {
  const api = server().api.below(`/clusters/${parent}`);
  // kcp learns a moment later of a type that was just made.
  await eventually(async () => {
    const made = await api.post(workspaces, workspace(name, spec));
    if (made.code !== 201) throw new Error(`making workspace ${parent}:${name}: ${made}`);
  });
  return eventually(async () => {
    const found = await api.get(`${workspaces}/${name}`);
    if (found.at("status", "phase") !== "Ready") throw new Error(`workspace ${name} is not Ready: ${found}`);
    return found.text("spec", "cluster");
  });
}

async function bindAccounts(api: Api): Promise<void> {
  const name = "core.platform-mesh.io";
  const made = await api.post(bindings, {
    apiVersion: "apis.kcp.io/v1alpha2",
    kind: "APIBinding",
    metadata: { name },
    spec: { reference: { export: { path: "root:platform-mesh-system", name } } },
  });
  if (made.code !== 201) throw new Error(`binding ${name}: ${made}`);
  await eventually(async () => {
    const found = await api.get(accounts);
    if (found.code !== 200) throw new Error(`Accounts are not served: ${found}`);
  });
}

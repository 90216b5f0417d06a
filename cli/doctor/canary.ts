import { setTimeout as delay } from "node:timers/promises";
import { findCondition } from "../../shared/conditions.ts";
import { formatDuration } from "../../shared/duration.ts";
import { kinds } from "../../shared/kcp/kinds.ts";
import { type Account, clusterOf, pathAnnotation } from "../../shared/kcp/objects.ts";
import type { Client } from "../../shared/kcp/rest.ts";
import { condition } from "../../shared/names.ts";
import { defaultSettings } from "../../shared/settings.ts";
import { waitsFor } from "../account-state.ts";
import { type Check, fail, ok } from "./check.ts";
import type { View } from "./view.ts";

const name = "pm-canary";
const pauseMs = 100;

/** Lets an organization live and die, with the identity and on the way of the functions. */
export const canary: Check = {
  id: "CANARY",
  needs: "endpoint",
  async run(view) {
    const place = await findOrgs(view);
    if (!place) return fail(`${defaultSettings.orgsPath} is not seen by the functions`, "pm bootstrap");
    await bury(place, view);
    const started = view.io.now();
    const body = {
      apiVersion: "core.platform-mesh.io/v1alpha1",
      kind: "Account",
      metadata: { name },
      spec: { type: "org", displayName: "pm doctor --canary" },
    };
    await place.client.create(kinds.Account, place.cluster, body, { signal: view.io.signal });
    const problem = await untilReady(place, view);
    const readyMs = view.io.now() - started;
    const gone = await bury(place, view);
    if (problem)
      return fail(`${name} is not Ready after ${formatDuration(readyMs)}: ${problem}`, "pm run, and see its log");
    const path = `${defaultSettings.orgsPath}:${name}`;
    if (!gone) return fail(`${name} was Ready and does not go`, `pm why --delete ${path}`);
    return ok(
      `${name} Ready in ${formatDuration(readyMs)}, gone ${formatDuration(view.io.now() - started - readyMs)} after its deletion`,
    );
  },
};

interface Place {
  readonly client: Client;
  readonly cluster: string;
}

async function findOrgs({ shards }: View): Promise<Place | undefined> {
  for (const client of shards) {
    const found = (await client.list("LogicalCluster", "*")).find(
      ({ metadata }) => metadata.annotations?.[pathAnnotation] === defaultSettings.orgsPath,
    );
    if (found) return { client, cluster: clusterOf(found) };
  }
  return undefined;
}

/** What it still waits for when the time is over; `undefined` once it is Ready. */
async function untilReady({ client, cluster }: Place, view: View): Promise<string | undefined> {
  const deadline = view.io.now() + view.waitMs;
  for (;;) {
    const account = await client.get("Account", cluster, name, { signal: view.io.signal });
    if (account && findCondition(account, condition.ready)?.status === "True") return undefined;
    if (view.io.now() >= deadline) return account ? reasonOf(client, cluster, account) : "somebody deleted it";
    await delay(pauseMs, undefined, { signal: view.io.signal });
  }
}

async function reasonOf(client: Client, cluster: string, account: Account): Promise<string> {
  return waitsFor(account, await client.get("Workspace", cluster, name), []);
}

/** Deletes it; whether it has gone in time. */
async function bury({ client, cluster }: Place, view: View): Promise<boolean> {
  const deadline = view.io.now() + view.waitMs;
  // Not with the signal of Ctrl-C: that must leave nothing behind.
  await client.delete(kinds.Account, { cluster, name });
  for (;;) {
    if (!(await client.get("Account", cluster, name))) return true;
    if (view.io.now() >= deadline) return false;
    await delay(pauseMs);
  }
}

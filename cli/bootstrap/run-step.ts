import { z } from "zod";
import type { Client } from "../../shared/kcp/rest.ts";
import type { Io } from "../command.ts";
import { type Manifest, nameOf, resourceOf, type Step } from "./manifests.ts";
import { missing } from "./missing.ts";
import { fieldManager, type Plan, planObject, planRemovals, readLive } from "./plan.ts";
import { waitUntil } from "./wait.ts";

export interface StepOptions {
  /** Also changes what exists and differs. */
  readonly upgrade: boolean;
  /** Milliseconds, of each wait. */
  readonly waitMs: number;
  readonly io: Pick<Io, "signal" | "stderr" | "now">;
}
export interface StepResult {
  readonly plans: readonly Plan[];
  /** URL of the virtual workspace, once a step brought it about. */
  readonly endpoint: string | undefined;
}

/** Makes the objects of one step in order, waits until others can rely on each, then takes away what is unwanted. */
export async function runStep(client: Client, step: Step, options: StepOptions): Promise<StepResult> {
  const { workspace, objects, asked, title, lacks } = step;
  const { waitMs, io } = options;
  const wait = { limitMs: waitMs, next: "pm bootstrap again goes on from here; the log of kcp says more", io };
  const plans: Plan[] = [];
  for (const object of objects) {
    const upgrade = options.upgrade || (asked?.includes(object) ?? false);
    const attempt = async () => {
      plans.push(await make(client, workspace, object, { upgrade, io }));
      return undefined;
    };
    await waitUntil(nameOf(workspace, object), attempt, wait);
  }
  let endpoint: string | undefined;
  for (const object of objects) {
    const look = async () => {
      const live = await readLive(client, workspace, object, { signal: io.signal });
      endpoint = endpointOf(live) ?? endpoint;
      return live ? missing(live) : "somebody deleted it";
    };
    await waitUntil(nameOf(workspace, object), look, wait);
  }
  if (lacks) await waitUntil(title, () => lacks(client, { signal: io.signal }), wait);
  const remove = async () => {
    plans.push(...(await removals(client, step, options)));
    return undefined;
  };
  await waitUntil(title, remove, wait);
  return { plans, endpoint };
}

async function removals(client: Client, step: Step, { upgrade, io }: StepOptions): Promise<readonly Plan[]> {
  const call = { signal: io.signal };
  const plans = await planRemovals(client, step, call);
  if (!upgrade && !step.unwanted?.isReplaced) return plans;
  for (const { workspace, object } of plans.filter(({ isForeign }) => !isForeign)) {
    await client.delete(resourceOf(object), { cluster: workspace, name: object.metadata.name }, undefined, call);
  }
  return plans.map((plan) => (plan.isForeign ? plan : { ...plan, state: "removed" }));
}

async function make(
  client: Client,
  workspace: string,
  object: Manifest,
  { upgrade, io }: Omit<StepOptions, "waitMs">,
): Promise<Plan> {
  const call = { signal: io.signal };
  const plan = await planObject(client, workspace, object, call);
  const isChange = plan.state === "differs" && upgrade;
  if (plan.state === "missing" || isChange) {
    await client.apply(resourceOf(object), workspace, object, { fieldManager }, call);
  }
  return isChange ? { ...plan, state: "changed" } : plan;
}

const withEndpoints = z.looseObject({
  status: z.looseObject({ endpoints: z.array(z.looseObject({ url: z.string() })) }),
});

const endpointOf = (live: unknown): string | undefined => withEndpoints.safeParse(live).data?.status.endpoints[0]?.url;

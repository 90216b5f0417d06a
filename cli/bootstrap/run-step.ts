import { z } from "zod";
import { messageOf } from "../../shared/kcp/errors.ts";
import type { Client } from "../../shared/kcp/rest.ts";
import type { Io } from "../command.ts";
import { type Manifest, nameOf, resourceOf, type Step } from "./manifests.ts";
import { missing } from "./missing.ts";
import { fieldManager, maySettle, type Plan, planObject, readLive } from "./plan.ts";
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

/** Rights and a new workspace reach kcp's caches a moment late: a refusal is final only after this time. */
const settleMs = 10_000;

/** Makes the objects of one step in order, then waits until others can rely on each. */
export async function runStep(client: Client, { workspace, objects }: Step, options: StepOptions): Promise<StepResult> {
  const { waitMs, io } = options;
  const wait = { limitMs: waitMs, next: "pm bootstrap again goes on from here; the log of kcp says more", io };
  const plans: Plan[] = [];
  for (const object of objects) {
    const attempt = () => settling(async () => plans.push(await make(client, workspace, object, options)));
    await waitUntil(nameOf(workspace, object), attempt, { ...wait, limitMs: Math.min(waitMs, settleMs) });
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
  return { plans, endpoint };
}

async function settling(work: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (maySettle(error)) return messageOf(error);
    throw error;
  }
}

async function make(client: Client, workspace: string, object: Manifest, { upgrade, io }: StepOptions): Promise<Plan> {
  const call = { signal: io.signal };
  const plan = await planObject(client, workspace, object, call);
  if (plan.state === "missing" || (plan.state === "differs" && upgrade)) {
    await client.apply(resourceOf(object), workspace, object, { fieldManager }, call);
  }
  return plan;
}

const withEndpoints = z.looseObject({
  status: z.looseObject({ endpoints: z.array(z.looseObject({ url: z.string() })) }),
});

const endpointOf = (live: unknown): string | undefined => withEndpoints.safeParse(live).data?.status.endpoints[0]?.url;
